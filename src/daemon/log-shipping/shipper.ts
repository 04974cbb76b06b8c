import type { Clock } from '../../platform/clock.ts';
import type { NativeLayout } from '../../runtimes/native/layout.ts';
import type { RotateLog } from '../../runtimes/native/log-rotation.ts';
import type { ShippingCounts } from './counts.ts';
import { LogTail } from './log-tail.ts';
import { Outbox, type Slice } from './outbox.ts';
import { readPositions, type SavedShipping, writePositions } from './positions.ts';
import { LogSender, type SendResult } from './sender.ts';
import { Settlement } from './settlement.ts';
import { DEFAULT_SHIPPING, type ShippingTimes } from './times.ts';

export interface ShipperOptions {
  readonly layout: Pick<NativeLayout, 'log' | 'logPositions'>;
  readonly clock: Clock;
  /** The whole URL of a Loki push API. */
  readonly url: string;
  /** With every line, beside `component`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: ShippingCounts;
  readonly times?: Partial<ShippingTimes>;
}

const OUTBOX_BYTES = 1024 ** 2;
/** Read of one log before the others have their turn. */
const TURN_BYTES = 256 * 1024;
/** Lines of one push; fewer after a refusal, down to the one line that is not wanted. */
const MOST_LINES = 10_000;
/** Failures in a row that are worth a line: a store that is being started fails once or twice. */
const SAID_AFTER = 4;

/**
 * Sends what the programs write to one log store: at least once, in order for each program. The log files are the
 * buffer: nothing is read that cannot be sent soon. After an outage, a restart of the store or of the daemon it goes
 * on where the store is known to have everything.
 */
export class LogShipper {
  readonly #options: ShipperOptions;
  readonly #times: ShippingTimes;
  readonly #tails = new Map<string, LogTail>();
  readonly #outbox: Outbox;
  readonly #sender: LogSender;
  readonly #settlement: Settlement;
  readonly #ended = new AbortController();
  #saved: SavedShipping = { components: {} };
  /** As the store said who it is, '' when it does not; undefined when nobody has asked yet. */
  #store: string | undefined;
  /** The store may be another process than the one that took the lines. */
  #doubtful = true;
  /** It was not reached since it was asked last. */
  #wasAway = true;
  #failures = 0;
  #mostLines = MOST_LINES;
  #heardAt: number;
  #savedAt: number;
  #unsaved = false;
  #turn = 0;
  #running: Promise<void> | undefined;

  private constructor(options: ShipperOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_SHIPPING, ...options.times };
    this.#outbox = new Outbox(options.labels, options.clock);
    this.#sender = new LogSender(options.url, () => {
      this.#doubtful = true;
    });
    this.#settlement = new Settlement(options.clock, this.#times.settle);
    this.#heardAt = options.clock.monotonic();
    this.#savedAt = this.#heardAt;
  }

  /** Knows where a former daemon ended; sends nothing before `run`. */
  static async start(options: ShipperOptions): Promise<LogShipper> {
    const shipper = new LogShipper(options);
    shipper.#saved = await readPositions(options.layout.logPositions);
    shipper.#store = shipper.#saved.store;
    options.counts.caughtUp();
    return shipper;
  }

  /** Sends, until `end`; safe to call twice. */
  run(): void {
    this.#running ??= this.#run();
  }

  /** From now on the logs of these components as well; those of before are read to their ends. */
  async follow(components: readonly string[]): Promise<void> {
    const { layout, clock } = this.#options;
    for (const component of components) {
      if (this.#tails.has(component)) continue;
      const saved = this.#saved.components[component];
      const path = layout.log(component);
      // A store that is another by now may not have what the former one had taken.
      const from = this.#store === this.#saved.store ? saved?.taken : saved?.settled;
      const tail = await LogTail.open({ path, clock, patienceMs: this.#times.patience }, from);
      this.#settlement.begin(
        component,
        tail.position,
        saved ? await tail.find(saved.settled) : tail.position,
      );
      this.#tails.set(component, tail);
    }
  }

  /** Rotates a log; the rest of the former one is still sent, and what cannot be is counted. */
  async rotating(component: string, rotate: RotateLog): Promise<void> {
    const tail = this.#tails.get(component);
    if (!tail) return void (await rotate());
    this.#options.counts.drop('flood', await tail.rotating(rotate));
    this.#unsaved = true;
  }

  /** What was read and not taken is sent by the next daemon. */
  async end(): Promise<void> {
    this.#ended.abort();
    this.#sender.close();
    await this.#running;
    await this.#save().catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { clock, counts } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      let pause: number;
      try {
        pause = await this.#round();
        if (clock.monotonic() - this.#savedAt >= this.#times.save) await this.#save();
      } catch (error) {
        // A disk that fails, a log that cannot be read: the same as a store that does not answer.
        pause = this.#failed(`stops: ${String(error)}`);
      }
      counts.announce();
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  /** Reads, sends, and says how long to wait for the next time. */
  async #round(): Promise<number> {
    const { clock, counts } = this.#options;
    if (this.#doubtful && !(await this.#recognise())) return this.#pauseAfterFailure();
    const begun = clock.monotonic();
    const more = await this.#read();
    if (this.#outbox.length === 0) {
      // In the middle of an endless line: nothing to send, and not at the end either.
      if (more) return clock.monotonic() - begun;
      counts.caughtUp();
      if (this.#settlement.isOpen && clock.monotonic() - this.#heardAt >= this.#times.heartbeat)
        this.#doubtful = true;
      return this.#times.poll;
    }
    const slice = this.#outbox.slice(this.#mostLines);
    const { timeout: timeoutMs } = this.#times;
    const result: SendResult =
      slice.lines === 0
        ? { outcome: 'taken', newConnection: false }
        : await this.#sender.send({ body: slice.body, timeoutMs, signal: this.#ended.signal });
    if (result.outcome === 'failed') return this.#failed(result.reason, result.retryAfterMs);
    if (result.outcome === 'refused') return this.#refused(slice, result.reason);
    this.#taken(slice, result.newConnection);
    if (!more && this.#outbox.length === 0 && !this.#doubtful) counts.caughtUp();
    // At most half of the time is spent on shipping, however much there is.
    return more || this.#outbox.length > 0 ? clock.monotonic() - begun : this.#times.poll;
  }

  /** Whether some log has more to read at once. */
  async #read(): Promise<boolean> {
    let more = false;
    this.#turn += 1;
    const tails = [...this.#tails];
    const first = this.#turn % Math.max(1, tails.length);
    // Another one first each time: a flood must not keep the others waiting.
    for (const [component, tail] of [...tails.slice(first), ...tails.slice(0, first)]) {
      if (this.#outbox.size >= OUTBOX_BYTES) return true;
      const read = await tail.read(TURN_BYTES);
      this.#outbox.add(component, read.lines);
      more ||= read.more;
    }
    return more;
  }

  #taken(slice: Slice, newConnection: boolean): void {
    const { clock, counts } = this.#options;
    this.#outbox.remove(slice);
    this.#settlement.take(slice.positions);
    counts.ship(slice.lines);
    this.#mostLines = Math.min(MOST_LINES, this.#mostLines * 2);
    this.#unsaved = true;
    if (newConnection) this.#doubtful = true;
    else if (slice.lines > 0) this.#heard();
    if (this.#failures >= SAID_AFTER) counts.say('the log store takes lines again');
    this.#failures = 0;
    counts.trouble = undefined;
    this.#heardAt = slice.lines > 0 ? clock.monotonic() : this.#heardAt;
  }

  #heard(): void {
    this.#heardAt = this.#options.clock.monotonic();
    this.#settlement.heard();
  }

  /** Asks the store which process it is. Another one may not have what the former had taken: that is sent again. */
  async #recognise(): Promise<boolean> {
    const { counts } = this.#options;
    let store: string;
    try {
      store = await this.#sender.identify(this.#times.timeout, this.#ended.signal);
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
      return false;
    }
    const isOther = this.#store !== store || (store === '' && this.#wasAway);
    if (isOther && this.#store !== undefined) {
      this.#outbox.clear();
      for (const [component, position] of this.#settlement.forget())
        await this.#tails.get(component)?.rewind(position);
      counts.say('the log store was started anew: its last lines are sent again');
    } else {
      this.#heard();
    }
    this.#store = store;
    this.#doubtful = false;
    this.#wasAway = false;
    this.#unsaved = true;
    return true;
  }

  #failed(reason: string, retryAfterMs = 0): number {
    const { counts, url } = this.#options;
    if (this.#ended.signal.aborted) return 0;
    this.#failures += 1;
    this.#wasAway = true;
    counts.trouble = `the log store (${new URL(url).host}) ${reason}`;
    if (this.#failures === SAID_AFTER) counts.say(`${counts.trouble}; its lines wait in the log files`);
    return Math.max(this.#pauseAfterFailure(), Math.min(retryAfterMs, this.#times.longestBackoff));
  }

  #pauseAfterFailure(): number {
    const { firstBackoff, longestBackoff } = this.#times;
    return Math.min(longestBackoff, firstBackoff * 2 ** Math.min(this.#failures - 1, 30));
  }

  /** Tried again with fewer lines; a single one that nobody takes must not hold up the rest. */
  #refused(slice: Slice, reason: string): number {
    const { counts } = this.#options;
    if (slice.entries > 1) {
      this.#mostLines = Math.max(1, Math.floor(Math.min(this.#mostLines, slice.entries) / 10));
      return 0;
    }
    this.#outbox.remove(slice);
    this.#settlement.take(slice.positions);
    counts.drop('refused', slice.lines, reason);
    return 0;
  }

  async #save(): Promise<void> {
    this.#savedAt = this.#options.clock.monotonic();
    if (!this.#unsaved) return;
    const components: Record<string, SavedShipping['components'][string]> = { ...this.#saved.components };
    for (const [component, tail] of this.#tails) {
      const [taken, settled] = [
        this.#settlement.taken.get(component),
        this.#settlement.settled.get(component),
      ];
      if (taken && settled)
        components[component] = { taken: await tail.save(taken), settled: await tail.save(settled) };
    }
    await writePositions(this.#options.layout.logPositions, { store: this.#store, components });
    this.#unsaved = false;
  }
}
