import type { Clock } from '../../platform/clock.ts';
import { timeOfLine } from '../../runtimes/native/log-time.ts';
import type { TailLine } from './log-tail.ts';
import type { Position } from './positions.ts';

/** A line on its way. */
interface Entry {
  readonly component: string;
  /** Nanoseconds since 1970. */
  readonly ns: string;
  readonly text: string;
  readonly end: Position;
}

/** Stack traces: so many lines without a time belong to the line with one before them. */
const INHERITED = 1_000;
/** Log stores refuse, some silently, what is much older or newer than now. */
const OLDEST_MS = 7 * 86_400_000;
const NEWEST_MS = 3_600_000;

export interface Slice {
  readonly body: string;
  readonly lines: number;
  /** Where each component is once the slice was taken. */
  readonly positions: ReadonlyMap<string, Position>;
  /** Entries of the slice, blank ones included. */
  readonly entries: number;
}

/** Lines that were read and not yet taken by the log store; what does not fit is left in the files. */
export class Outbox {
  readonly #clock: Clock;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #times = new Map<string, { readonly ns: string; readonly left: number }>();
  #entries: Entry[] = [];
  #size = 0;

  /** `labels` go with every line, beside its component. */
  constructor(labels: Readonly<Record<string, string>>, clock: Clock) {
    this.#labels = labels;
    this.#clock = clock;
  }

  /** Characters, roughly bytes. */
  get size(): number {
    return this.#size;
  }

  get length(): number {
    return this.#entries.length;
  }

  add(component: string, lines: readonly TailLine[]): void {
    const now = this.#clock.now().getTime();
    for (const { text, end } of lines) {
      this.#entries.push({ component, text, end, ns: this.#timeOf(component, text, now) });
      this.#size += text.length;
    }
  }

  /** The first entries, as the push API wants them. Source: Loki, "Ingest logs", `POST /loki/api/v1/push`. */
  slice(maxEntries: number): Slice {
    const entries = this.#entries.slice(0, maxEntries);
    const streams = new Map<string, [string, string][]>();
    const positions = new Map<string, Position>();
    let lines = 0;
    for (const { component, ns, text, end } of entries) {
      positions.set(component, end);
      if (text.trim() === '') continue;
      lines += 1;
      const values = streams.get(component) ?? [];
      values.push([ns, text]);
      streams.set(component, values);
    }
    const body = JSON.stringify({
      streams: [...streams].map(([component, values]) => ({
        stream: { ...this.#labels, component },
        values,
      })),
    });
    return { body, lines, positions, entries: entries.length };
  }

  /** The slice has been taken, or given up. */
  remove({ entries }: Slice): void {
    for (const { text } of this.#entries.splice(0, entries)) this.#size -= text.length;
  }

  clear(): void {
    this.#entries = [];
    this.#size = 0;
    this.#times.clear();
  }

  #timeOf(component: string, text: string, now: number): string {
    const own = timeOfLine(text);
    if (own && own.ms > now - OLDEST_MS && own.ms < now + NEWEST_MS) {
      this.#times.set(component, { ns: own.ns, left: INHERITED });
      return own.ns;
    }
    const before = own ? undefined : this.#times.get(component);
    if (!before || before.left === 0) return `${now}000000`;
    this.#times.set(component, { ns: before.ns, left: before.left - 1 });
    return before.ns;
  }
}
