import type { Clock } from '../../platform/clock.ts';
import { formatElapsed } from '../../platform/units.ts';
import { TaskQueue } from '../../platform/task-queue.ts';
import type { DesiredState } from '../../runtimes/native/desired.ts';
import type { NativeLayout } from '../../runtimes/native/layout.ts';
import type { AroundRotation } from '../../runtimes/native/log-rotation.ts';
import { ShippingCounts } from './counts.ts';
import { LogShipper } from './shipper.ts';
import type { ShippingTimes } from './times.ts';

export interface LogShippingOptions {
  readonly layout: NativeLayout;
  readonly clock: Clock;
  /** One line for the daemon's own log. */
  readonly say: (text: string) => void;
  readonly times?: Partial<ShippingTimes> | undefined;
}

/** Behind by more than this, `status` says so. */
const BEHIND_MS = 60_000;

/** Sends the logs of the programs and of the daemon to the stack's log store, while it has one. */
export class LogShipping {
  readonly counts: ShippingCounts;
  readonly #options: LogShippingOptions;
  #shipper: LogShipper | undefined;
  #key = '';
  #unread: string | undefined;
  readonly #queue = new TaskQueue();

  constructor(options: LogShippingOptions) {
    this.#options = options;
    this.counts = new ShippingCounts(options.clock, options.say);
  }

  /** Follows the desired state. What cannot be read is in `trouble`, and is tried again with the next change. */
  converge({ stack, components, daemon }: DesiredState): Promise<void> {
    return this.#queue.run(async () => {
      const url = daemon?.logPush;
      const labels = { stack, environment: daemon?.environment ?? '', job: 'leitstand' };
      const key = url === undefined ? '' : JSON.stringify([url, labels]);
      if (key !== this.#key) await this.#end();
      this.#key = key;
      this.#unread = undefined;
      if (url === undefined) return;
      const logs = [...components.map(({ component }) => component), 'daemon'];
      const { layout, clock, times = {} } = this.#options;
      this.#shipper ??= await LogShipper.start({ layout, clock, url, labels, counts: this.counts, times });
      await this.#shipper.follow(logs).catch((error: unknown) => {
        this.#unread = `a log cannot be read and is not shipped: ${String(error)}`;
      });
      this.#shipper.run();
    });
  }

  readonly rotating: AroundRotation = (name, rotate) =>
    this.#shipper ? this.#shipper.rotating(name, rotate) : rotate();

  /** What `status` has to say of it; undefined when all is well. */
  trouble(): string | undefined {
    const { lagMs, trouble } = this.counts;
    if (lagMs < BEHIND_MS) return this.#unread;
    const why = trouble === undefined ? 'more is written than the log store takes' : trouble;
    return `the shipping of logs is ${formatElapsed(lagMs)} behind: ${why}`;
  }

  close(): Promise<void> {
    return this.#queue.run(() => this.#end());
  }

  async #end(): Promise<void> {
    await this.#shipper?.end();
    this.#shipper = undefined;
    this.counts.idle();
  }
}
