import type { Clock } from '../../platform/clock.ts';
import type { Position } from './positions.ts';

type Positions = ReadonlyMap<string, Position>;

/** Lines taken within this time settle together. */
const COARSE_MS = 1_000;

/**
 * What a log store has taken is safe only once it has written it: VictoriaLogs has no journal, and loses some 20 s
 * when it is killed. Keeps for each component how far it was taken, and how far that was long enough ago *and* the
 * same process of the store was heard of since.
 */
export class Settlement {
  readonly #clock: Clock;
  readonly #settleMs: number;
  readonly #taken: Map<string, Position>;
  readonly #settled: Map<string, Position>;
  #young: { readonly at: number; readonly positions: Map<string, Position> }[] = [];

  constructor(clock: Clock, settleMs: number) {
    this.#clock = clock;
    this.#settleMs = settleMs;
    this.#taken = new Map();
    this.#settled = new Map();
  }

  get taken(): Positions {
    return this.#taken;
  }

  get settled(): Positions {
    return this.#settled;
  }

  /** Whether something taken is not settled yet. */
  get isOpen(): boolean {
    return this.#young.length > 0;
  }

  begin(component: string, taken: Position, settled: Position): void {
    this.#taken.set(component, taken);
    this.#settled.set(component, settled);
    const young = taken.generation !== settled.generation || taken.offset !== settled.offset;
    if (young) this.#note(new Map([[component, taken]]));
  }

  take(positions: Positions): void {
    for (const [component, position] of positions) this.#taken.set(component, position);
    this.#note(positions);
  }

  /** The store that took it all lives: what is old enough is settled. */
  heard(): void {
    const before = this.#clock.monotonic() - this.#settleMs;
    while (this.#young[0] && this.#young[0].at <= before) {
      for (const [component, position] of this.#young.shift()?.positions ?? [])
        this.#settled.set(component, position);
    }
  }

  /** The store is another process: everything after the settled positions may be gone. */
  forget(): Positions {
    this.#young = [];
    for (const [component, position] of this.#settled) this.#taken.set(component, position);
    return this.#settled;
  }

  #note(positions: Positions): void {
    const now = this.#clock.monotonic();
    const last = this.#young.at(-1);
    if (!last || now - last.at >= COARSE_MS) {
      this.#young.push({ at: now, positions: new Map(positions) });
      return;
    }
    // They settle with the first of them, a second early at most.
    for (const [component, position] of positions) last.positions.set(component, position);
  }
}
