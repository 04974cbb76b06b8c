import type { Clock } from '../platform/clock.ts';
import { LeitstandError, systemErrorCode } from '../platform/errors.ts';
import { isPortFree } from '../platform/ports.ts';
import { findPortHolder } from '../platform/process-table.ts';
import type { InboxStatus } from '../stack/runtime.ts';
import { daemonErrors } from './errors.ts';

export interface OpenInbox {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens the inbox on a port of the loopback; rejects when it is taken. */
export type InboxFactory = (port: number) => Promise<OpenInbox>;

const RETRY_MS = 2_000;

export interface WantedInbox {
  readonly enabled: boolean;
  readonly port: number;
}

/** Keeps the inbox open while it is wanted, and says why when it is not. */
export class InboxHost {
  readonly #factory: InboxFactory | undefined;
  readonly #clock: Clock;
  #wanted: WantedInbox = { enabled: false, port: 0 };
  #open: OpenInbox | undefined;
  #reason: string | undefined;
  #retry: AbortController | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(factory: InboxFactory | undefined, clock: Clock) {
    this.#factory = factory;
    this.#clock = clock;
  }

  /** Throws LS-DAEMON-002; then it goes on trying by itself. */
  converge(wanted: WantedInbox): Promise<void> {
    this.#cancelRetry();
    return this.#exclusive(async () => {
      this.#cancelRetry();
      const unchanged = this.#open && wanted.enabled && wanted.port === this.#wanted.port;
      this.#wanted = wanted;
      if (unchanged) return;
      await this.#close();
      if (wanted.enabled) await this.#tryOpen();
    });
  }

  /** Undefined when the stack has no inbox. */
  status(): InboxStatus | undefined {
    if (!this.#wanted.enabled) return undefined;
    if (this.#open) return { state: 'ready', port: this.#open.port };
    const { port } = this.#wanted;
    return this.#reason === undefined
      ? { state: 'starting', port }
      : { state: 'failing', port, reason: this.#reason };
  }

  close(): Promise<void> {
    return this.converge({ enabled: false, port: 0 });
  }

  async #tryOpen(): Promise<void> {
    const { port } = this.#wanted;
    try {
      if (!this.#factory) throw new Error('this daemon was started without one');
      this.#open = await this.#factory(port);
      this.#reason = undefined;
    } catch (error) {
      const failure = await describe(port, error);
      this.#reason = failure.details.why;
      this.#scheduleRetry();
      throw failure;
    }
  }

  async #close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#reason = undefined;
    await open?.close();
  }

  #scheduleRetry(): void {
    const retry = new AbortController();
    this.#retry = retry;
    const attempt = async () => {
      await this.#clock.sleep(RETRY_MS, retry.signal);
      await this.#exclusive(async () => {
        // A failure schedules the next attempt and is the status' reason.
        if (!retry.signal.aborted) await this.#tryOpen().catch(() => undefined);
      });
    };
    attempt().catch((error: unknown) => {
      if (!retry.signal.aborted) throw error;
    });
  }

  #cancelRetry(): void {
    this.#retry?.abort();
    this.#retry = undefined;
  }

  #exclusive<Result>(task: () => Promise<Result>): Promise<Result> {
    const run = this.#queue.then(task);
    this.#queue = run.catch(() => undefined);
    return run;
  }
}

async function describe(port: number, error: unknown): Promise<LeitstandError> {
  const taken = systemErrorCode(error) === 'EADDRINUSE' || !(await isPortFree(port));
  const holder = taken ? await findPortHolder(port) : undefined;
  const own = error instanceof LeitstandError ? error.details.what : String(error);
  const why = taken ? `port ${port} is taken by ${holder ?? 'a process that cannot be seen from here'}` : own;
  return daemonErrors.error('LS-DAEMON-002', {
    what: `the inbox cannot listen on port ${port}`,
    why,
    fix: taken
      ? `stop ${holder ?? `the process (sudo ss -ltnp 'sport = :${port}')`}, and the inbox opens by itself within two seconds; or set inbox.port in leitstand.yaml to another port and run \`leitstand up\``
      : 'correct the cause, and the inbox opens by itself within two seconds',
    cause: error,
  });
}
