import type { Retention } from '../stack/stack.ts';

export interface Dated {
  readonly id: string;
  /** UTC, ISO 8601. */
  readonly createdAt: string;
}

export interface KeptReason<One extends Dated> {
  readonly one: One;
  /** Undefined: it may go. */
  readonly reason: string | undefined;
}

const DAY_MS = 86_400_000;

export interface KnownToHold<One extends Dated> {
  readonly now: Date;
  /** Ids of those that a drill has restored. */
  readonly drilled: ReadonlySet<string>;
  /** Whether all of its stored bytes were found to be right. */
  readonly isReadBack: (one: One) => boolean;
}

/**
 * A decision on every snapshot of one source, newest first. The newest stays, whatever its age, and so do the newest that
 * was drilled and the newest that was read back; what carries a date of the future stays as well: a clock was wrong, and
 * nobody knows which.
 */
export function decideRetention<One extends Dated>(
  snapshots: readonly One[],
  policy: Retention,
  { now, drilled, isReadBack }: KnownToHold<One>,
): readonly KeptReason<One>[] {
  const all = [...snapshots].sort((a, b) => (order(a) < order(b) ? 1 : -1));
  const reasons = new Map<string, string>();
  const keep = (one: One | undefined, reason: string) => {
    if (one && !reasons.has(one.id)) reasons.set(one.id, reason);
  };
  keep(all[0], 'the newest');
  keep(
    all.find(({ id }) => drilled.has(id)),
    'the newest that was drilled',
  );
  keep(all.find(isReadBack), 'the newest that was read back');
  for (const one of all)
    if (now.getTime() - Date.parse(one.createdAt) <= policy.days * DAY_MS)
      keep(one, `of the last ${policy.days} days`);
  for (const [period, count, unit] of [
    [weekOf, policy.weeks, 'week'],
    [(at: Date) => at.toISOString().slice(0, 7), policy.months, 'month'],
    [(at: Date) => at.toISOString().slice(0, 4), policy.years, 'year'],
  ] as const)
    for (const one of newestOfEach(all, period, count)) keep(one, `the newest of its ${unit}`);
  return all.map((one) => ({ one, reason: reasons.get(one.id) }));
}

function order({ createdAt, id }: Dated): string {
  return `${createdAt} ${id}`;
}

function newestOfEach<One extends Dated>(
  all: readonly One[],
  period: (at: Date) => string,
  count: number,
): One[] {
  const newest = new Map<string, One>();
  for (const one of all) {
    const name = period(new Date(one.createdAt));
    if (!newest.has(name)) newest.set(name, one);
  }
  return [...newest.values()].slice(0, count);
}

/** The Monday that its week (ISO 8601) begins with, UTC. */
function weekOf(at: Date): string {
  const monday = new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * DAY_MS);
  return monday.toISOString().slice(0, 10);
}
