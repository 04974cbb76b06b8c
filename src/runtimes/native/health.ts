import type { ComponentState } from '../../stack/runtime.ts';
import type { Probe } from './readiness.ts';
import type { Supervision } from './supervision.ts';

/** From this many crashes in a row on, a program that is up again is not believed before it is ready. */
const REPEATED = 3;

/** What is known of a component's readiness and its crashes; nothing in here acts. */
export class Health {
  readonly #supervision: Supervision;
  #last: Probe | undefined;
  #begun = 0;
  #readySince: number | undefined;
  #wasReady = false;
  #crashes = 0;
  #trouble: string | undefined;
  #lastLines: readonly string[] = [];
  #note: string | undefined;

  constructor(supervision: Supervision) {
    this.#supervision = supervision;
  }

  /** Crashes in a row. */
  get crashes(): number {
    return this.#crashes;
  }

  /** How it ended last. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** What the process that ended last had written last, oldest first. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** `crashed 7 times in a row, last: exited with code 3`. */
  story(): string {
    const how = this.#trouble ?? 'has ended';
    return this.#crashes > 1 ? `crashed ${this.#crashes} times in a row, last: ${how}` : how;
  }

  /** A new process: nothing is known of it yet. */
  begin(): void {
    this.#last = undefined;
    this.#begun = this.#supervision.clock.monotonic();
    this.#readySince = undefined;
    this.#wasReady = false;
    this.#note = undefined;
  }

  record(result: Probe): void {
    const { clock, times } = this.#supervision;
    this.#last = result;
    if (!result.ready) {
      this.#readySince = undefined;
      return;
    }
    this.#wasReady = true;
    this.#readySince ??= clock.monotonic();
    if (clock.monotonic() - this.#readySince >= times.recovery) this.forgive();
  }

  crashed(how: string): void {
    this.#crashes += 1;
    this.#trouble = how;
    this.#readySince = undefined;
  }

  wrote(lines: readonly string[]): void {
    this.#lastLines = lines;
  }

  forgive(): void {
    this.#crashes = 0;
    this.#trouble = undefined;
    this.#lastLines = [];
  }

  /** Something to say although it is ready. */
  note(text: string | undefined): void {
    this.#note = text;
  }

  /** By the last probe. */
  isReady(): boolean {
    return this.#last?.ready === true;
  }

  /** Milliseconds until the next probe. */
  probeInterval(): number {
    const { clock, times } = this.#supervision;
    if (this.#last?.ready) return times.probeInterval;
    const young = clock.monotonic() - this.#begun < times.readyTimeout;
    return young ? times.startingProbeInterval : times.watchInterval;
  }

  /** Of a living process. */
  state(adopted: boolean): { readonly state: ComponentState; readonly reason?: string | undefined } {
    const last = this.#last;
    if (!last) {
      return adopted
        ? { state: 'unknown', reason: 'has just been adopted and was not asked yet' }
        : { state: 'starting', reason: 'was not asked yet' };
    }
    if (last.ready) return { state: 'ready', reason: this.#note };
    if (this.#crashes >= REPEATED) {
      return { state: 'failing', reason: `${this.story()}; has just been started again` };
    }
    return { state: this.#wasReady || adopted ? 'failing' : 'starting', reason: last.reason };
  }
}
