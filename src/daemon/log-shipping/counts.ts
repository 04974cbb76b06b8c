import type { Clock } from '../../platform/clock.ts';

/**
 * `flood`: the log was rotated away before it could be sent (a flood, or a log store that was away for long), or cut
 * on a full disk. `refused`: the log store did not want the line.
 */
export const DROP_REASONS = ['flood', 'refused'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

const ANNOUNCE_MS = 10_000;

/** What became of the lines since the daemon began; it outlives a change of the log store. */
export class ShippingCounts {
  readonly #clock: Clock;
  readonly #say: (text: string) => void;
  readonly #dropped = new Map<DropReason, number>(DROP_REASONS.map((reason) => [reason, 0]));
  readonly #announced = new Map<DropReason, number>();
  #announcedAt = -Infinity;
  #shipped = 0;
  #caughtUpAt: number | undefined;
  #why: string | undefined;
  /** Why lines are not taken; undefined when they are. */
  trouble: string | undefined;

  constructor(clock: Clock, say: (text: string) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  get shipped(): number {
    return this.#shipped;
  }

  get dropped(): ReadonlyMap<DropReason, number> {
    return this.#dropped;
  }

  /** Milliseconds since everything written had been taken; 0 when that is now, or nobody takes anything. */
  get lagMs(): number {
    return this.#caughtUpAt === undefined ? 0 : this.#clock.monotonic() - this.#caughtUpAt;
  }

  ship(lines: number): void {
    this.#shipped += lines;
  }

  drop(reason: DropReason, lines: number, why?: string): void {
    if (lines === 0) return;
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + lines);
    this.#why = why ?? this.#why;
  }

  caughtUp(): void {
    this.#caughtUpAt = this.#clock.monotonic();
  }

  /** There is nobody to ship to. */
  idle(): void {
    this.#caughtUpAt = undefined;
    this.trouble = undefined;
  }

  say(text: string): void {
    this.#say(`log shipping: ${text}`);
  }

  /** Says what was dropped since it was said last, at most every ten seconds: this text is shipped as well. */
  announce(): void {
    const now = this.#clock.monotonic();
    if (now - this.#announcedAt < ANNOUNCE_MS) return;
    for (const [reason, count] of this.#dropped) {
      const news = count - (this.#announced.get(reason) ?? 0);
      if (news === 0) continue;
      this.#announcedAt = now;
      this.#announced.set(reason, count);
      const why = reason === 'refused' && this.#why !== undefined ? ` (the log store ${this.#why})` : '';
      this.say(`${news} lines dropped: ${WORDS[reason]}${why}`);
    }
  }
}

const WORDS: Readonly<Record<DropReason, string>> = {
  flood: 'their log was rotated away before they could be sent',
  refused: 'refused one by one by the log store',
};
