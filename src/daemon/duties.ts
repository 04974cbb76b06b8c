import type { Clock } from '../platform/clock.ts';
import type { DesiredState } from '../runtimes/native/desired.ts';
import { throwFailures } from '../runtimes/native/failures.ts';
import type { NativeLayout } from '../runtimes/native/layout.ts';
import type { ComponentStatus, InboxStatus } from '../stack/runtime.ts';
import { HostedJobs } from './hosted-jobs.ts';
import { HostedListener, type ListenerFactory } from './hosted-listener.ts';
import { LogShipping } from './log-shipping/log-shipping.ts';
import type { ShippingTimes } from './log-shipping/times.ts';
import { metricsPage } from './metrics/metrics-page.ts';
import { serveMetrics } from './metrics/metrics-server.ts';
import { seenServer } from './seen/seen-server.ts';

export interface DutyOptions {
  readonly layout: NativeLayout;
  readonly clock: Clock;
  readonly version: string;
  /** Of the daemon's start; UTC, ISO 8601. */
  readonly since: string;
  readonly inbox?: ListenerFactory | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What starts Leitstand, for jobs; absent: none is run. */
  readonly leitstand?: readonly string[] | undefined;
  /** One line for the daemon's own log. */
  readonly say: (text: string) => void;
  readonly times?: Partial<ShippingTimes> | undefined;
  status(): Promise<ComponentStatus[]>;
}

/** What the daemon does beside supervision; none of it stops the daemon when it fails. */
export class Duties {
  readonly shipping: LogShipping;
  readonly #inbox: HostedListener;
  readonly #metrics: HostedListener;
  readonly #jobs: HostedJobs;
  #desired: DesiredState | undefined;

  constructor(options: DutyOptions) {
    const { layout, clock, times, inbox: factory } = options;
    const say = (text: string) => options.say(daemonLine(clock, text));
    this.shipping = new LogShipping({ layout, clock, times, say });
    this.#jobs = new HostedJobs({ ...options, say });
    const seen = seenServer({
      database: layout.database,
      clock,
      language: () => this.#desired?.daemon?.seenPage?.language,
      say,
    });
    const page = () =>
      metricsPage({
        ...options,
        desired: this.#desired,
        database: layout.database,
        wantedTests: layout.wantedTests,
        counts: this.shipping.counts,
      });
    this.#inbox = new HostedListener({
      name: 'the inbox',
      setting: 'inbox.port',
      code: 'LS-DAEMON-002',
      factory,
      clock,
    });
    this.#metrics = new HostedListener({
      name: 'the metrics of the daemon',
      setting: 'daemon.port',
      code: 'LS-DAEMON-006',
      factory: (port) => serveMetrics(port, { page, seen }),
      clock,
    });
  }

  /** Throws LS-DAEMON-002 for the inbox, LS-DAEMON-006 for the metrics; both are tried again, and `trouble` meanwhile. */
  async converge(desired: DesiredState): Promise<void> {
    this.#desired = desired;
    const { daemon } = desired;
    throwFailures(
      await Promise.allSettled([
        this.#inbox.converge(desired.inbox),
        this.#metrics.converge({ enabled: daemon !== undefined, port: daemon?.port ?? 0 }),
        this.shipping.converge(desired),
        this.#jobs.converge(daemon?.jobs ?? []),
      ]),
    );
  }

  inbox(): InboxStatus | undefined {
    return this.#inbox.status();
  }

  /** What is not done, in words; the inbox has a status of its own. */
  trouble(): string | undefined {
    const page = this.#metrics.status();
    const metrics = page?.state === 'failing' ? `its metrics are not served: ${page.reason}` : undefined;
    const all = [metrics, this.shipping.trouble()].filter((text) => text !== undefined);
    return all.length === 0 ? undefined : all.join('; ');
  }

  /** First of all, when everything is stopped. */
  closeInbox(): Promise<void> {
    return this.#inbox.close();
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#inbox.close(),
      this.#metrics.close(),
      this.shipping.close(),
      this.#jobs.close(),
    ]);
  }
}

/** As the programs write theirs: the line has its own time. */
function daemonLine(clock: Clock, text: string): string {
  return `ts=${clock.now().toISOString()} level=warn msg=${JSON.stringify(text)}`;
}
