import type { Clock } from '../platform/clock.ts';
import { LeitstandError, systemErrorCode } from '../platform/errors.ts';
import { isPortFree } from '../platform/ports.ts';
import { findPortHolder } from '../platform/process-table.ts';
import { TaskQueue } from '../platform/task-queue.ts';
import type { InboxStatus } from '../stack/runtime.ts';
import { daemonErrors } from './errors.ts';

export interface OpenListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens it on a port of the loopback; rejects when the port is taken. */
export type ListenerFactory = (port: number) => Promise<OpenListener>;

const RETRY_MS = 2_000;

export interface WantedListener {
  readonly enabled: boolean;
  readonly port: number;
}

export interface HostedListenerOptions {
  /** `the inbox`. */
  readonly name: string;
  /** Where its port is set in leitstand.yaml. */
  readonly setting: string;
  readonly code: 'LS-DAEMON-002' | 'LS-DAEMON-006';
  readonly factory: ListenerFactory | undefined;
  readonly clock: Clock;
}

/** Keeps something of the daemon's own open on a port while it is wanted, and says why when it is not. */
export class HostedListener {
  readonly #options: HostedListenerOptions;
  #wanted: WantedListener = { enabled: false, port: 0 };
  #open: OpenListener | undefined;
  #reason: string | undefined;
  #retry: AbortController | undefined;
  readonly #queue = new TaskQueue();

  constructor(options: HostedListenerOptions) {
    this.#options = options;
  }

  /** Throws the option's error; then it goes on trying by itself. */
  converge(wanted: WantedListener): Promise<void> {
    this.#cancelRetry();
    return this.#queue.run(async () => {
      this.#cancelRetry();
      const unchanged = this.#open && wanted.enabled && wanted.port === this.#wanted.port;
      this.#wanted = wanted;
      if (unchanged) return;
      await this.#close();
      if (wanted.enabled) await this.#tryOpen();
    });
  }

  /** Undefined when it is not wanted. */
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
    const { factory } = this.#options;
    try {
      if (!factory) throw new Error('this daemon was started without one');
      this.#open = await factory(port);
      this.#reason = undefined;
    } catch (error) {
      const failure = await describe(this.#options, port, error);
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
      await this.#options.clock.sleep(RETRY_MS, retry.signal);
      await this.#queue.run(async () => {
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
}

async function describe(
  { name, setting, code }: HostedListenerOptions,
  port: number,
  error: unknown,
): Promise<LeitstandError> {
  const taken = systemErrorCode(error) === 'EADDRINUSE' || !(await isPortFree(port));
  const holder = taken ? await findPortHolder(port) : undefined;
  const own = error instanceof LeitstandError ? error.details.what : String(error);
  const why = taken ? `port ${port} is taken by ${holder ?? 'a process that cannot be seen from here'}` : own;
  return daemonErrors.error(code, {
    what: `${name} cannot listen on port ${port}`,
    why,
    fix: taken
      ? `stop ${holder ?? `the process (sudo ss -ltnp 'sport = :${port}')`}, and the port is taken by itself within two seconds; or set ${setting} in leitstand.yaml to another port and run \`leitstand up\``
      : 'correct the cause, and it opens by itself within two seconds',
    cause: error,
  });
}
