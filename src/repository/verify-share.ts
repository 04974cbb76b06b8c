/** A pack or list that is needed, and when it was last known to be right. */
export interface RotatedObject {
  readonly name: string;
  readonly size: number;
  /** When it came, in milliseconds since 1970: read back from the store or not, it was right then. */
  readonly since: number;
  /** When it was last read back; undefined: never. */
  readonly readAt: number | undefined;
}

export interface Rotation {
  /** Now, by the store's clock; milliseconds since 1970. */
  readonly now: number;
  /** When anything was last read; undefined: never. */
  readonly lastAt: number | undefined;
  /** Everything is to be read within so many days. */
  readonly days: number;
}

const DAY_MS = 86_400_000;
/** Of what was never read, so much at least: what came in one night is read back in the next one, as a rule. */
const NEW_BYTES = 256 * 1024 * 1024;

/**
 * What a run reads, the most urgent first:
 *
 * 1. what was never read, up to a share;
 * 2. whatever would become too old before the run after the next one, however much that is: a run may be missed;
 * 3. what is left of the share, the longest ago first: so that what was read in one night, by hand perhaps, is not due in
 *    one night again.
 *
 * The share grows with the time since the last run, so that the same is read a day, however often runs come.
 */
export function dueObjects(objects: readonly RotatedObject[], rotation: Rotation): RotatedObject[] {
  const plan = planOf(objects, rotation);
  const age = ageAt(rotation.now);
  const unread = objects.filter(({ readAt }) => readAt === undefined).sort((a, b) => a.since - b.since);
  const known = objects.filter(({ readAt }) => readAt !== undefined).sort((a, b) => age(b) - age(a));
  const isUrgent = (object: RotatedObject) => age(object) >= plan.cycleMs;
  const fresh = upTo(unread, Math.max(plan.share, plan.daily, NEW_BYTES), 'at least');
  const shared = upTo(known, plan.share - sum(fresh), 'at most');
  return [...new Set([...fresh, ...unread.filter(isUrgent), ...known.filter(isUrgent), ...shared])];
}

interface SharePlan {
  /** After so long an object is read in any case: the time that is left is for a run that is missed. */
  readonly cycleMs: number;
  /** Bytes that this run has to read to keep pace. */
  readonly share: number;
  /** Bytes of a day. */
  readonly daily: number;
}

function planOf(objects: readonly RotatedObject[], { now, lastAt, days }: Rotation): SharePlan {
  const pauseMs = Math.max(DAY_MS, lastAt === undefined ? 0 : now - lastAt);
  const cycleMs = days * DAY_MS - Math.min(2 * pauseMs, (days * DAY_MS) / 2);
  const total = sum(objects);
  const age = ageAt(now);
  const pace = total / cycleMs;
  const oldest = Math.min(
    cycleMs,
    objects.reduce((most, object) => Math.max(most, age(object)), 0),
  );
  // Of the last so many hours, the same part must have been read as they are of the cycle: whatever is behind is due.
  const young = objects.filter(({ readAt }) => readAt !== undefined).sort((a, b) => age(a) - age(b));
  let [read, share] = [0, 0];
  for (const object of young) {
    share = Math.max(share, pace * Math.min(age(object), oldest) - read);
    read += object.size;
  }
  share = Math.max(share, pace * oldest - sum(young.filter((object) => age(object) < oldest)));
  return { cycleMs, share, daily: pace * DAY_MS };
}

/** A time that lies in the future is of a clock that was wrong: as long as it does, nothing is known. */
function ageAt(now: number): (object: RotatedObject) => number {
  return ({ readAt, since }) => Math.max(0, now - (readAt ?? since));
}

/** `at most`: only what fits, and the debt is left to a later run. `at least`: one more, so that there is progress. */
function upTo(
  objects: readonly RotatedObject[],
  bytes: number,
  bound: 'at most' | 'at least',
): RotatedObject[] {
  const taken: RotatedObject[] = [];
  let left = bytes;
  for (const object of objects) {
    if (bound === 'at most' ? object.size > left : left <= 0) break;
    taken.push(object);
    left -= object.size;
  }
  return taken;
}

function sum(objects: readonly RotatedObject[]): number {
  return objects.reduce((bytes, { size }) => bytes + size, 0);
}
