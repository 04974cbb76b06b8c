import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueObjects, type RotatedObject } from '../../src/repository/verify-share.ts';

const DAY = 86_400_000;
const MIB = 1024 * 1024;

interface Run {
  /** Days since the run before. */
  readonly gap: number;
  /** Sizes of objects that came a moment before. */
  readonly came: readonly number[];
  /** Objects that retention took away, as a share of all. */
  readonly gone: number;
}

/** Plays runs, one after the other; what each one found and did. */
function play(days: number, first: readonly number[], runs: readonly Run[]) {
  let now = 1_000 * DAY;
  let lastAt: number | undefined;
  let made = 0;
  const make = (sizes: readonly number[]) =>
    sizes.map((size): RotatedObject => ({ name: `o${made++}`, size, since: now, readAt: undefined }));
  let objects = make(first);
  const told = runs.map(({ gap, came, gone }) => {
    now += gap * DAY;
    objects = [...objects.slice(Math.floor(objects.length * gone)), ...make(came)];
    const age = ({ readAt, since }: RotatedObject) => (now - (readAt ?? since)) / DAY;
    const before = objects;
    const due = dueObjects(objects, { now, lastAt, days });
    const names = new Set(due.map(({ name }) => name));
    if (due.length > 0) lastAt = now;
    objects = objects.map((object) => (names.has(object.name) ? { ...object, readAt: now } : object));
    return {
      due,
      gap,
      total: sum(before),
      oldestBefore: Math.max(0, ...before.map(age)),
      oldestAfter: Math.max(0, ...objects.map(age)),
      unreadLeft: objects.filter(({ readAt }) => readAt === undefined).length,
    };
  });
  return told;
}

const sum = (objects: readonly { readonly size: number }[]) =>
  objects.reduce((bytes, { size }) => bytes + size, 0);

const size = fc.oneof(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 1, max: 40 * MIB }));
const runs = fc.array(
  fc.record({
    // Nightly, more often, and nights, weeks and months that are missed.
    gap: fc.oneof(
      { weight: 6, arbitrary: fc.constant(1) },
      { weight: 2, arbitrary: fc.double({ min: 0, max: 2, noNaN: true }) },
      { weight: 1, arbitrary: fc.integer({ min: 2, max: 60 }) },
    ),
    came: fc.array(size, { maxLength: 4 }),
    gone: fc.constantFrom(0, 0, 0, 0.1, 0.5),
  }),
  { minLength: 1, maxLength: 80 },
);
const days = fc.oneof(fc.constant(30), fc.integer({ min: 1, max: 120 }));

describe('a rotation', () => {
  it('leaves nothing that would become too old if the next run were missed', () => {
    fc.assert(
      fc.property(days, fc.array(size, { maxLength: 60 }), runs, (limit, first, played) => {
        for (const { gap, oldestAfter } of play(limit, first, played)) {
          const ahead = Math.min(2 * Math.max(1, gap), limit / 2);
          expect(oldestAfter).toBeLessThanOrEqual(limit - ahead + 1e-6);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('reads every byte within the days, though every other night is missed', () => {
    const nights = fc.array(fc.constantFrom(1, 1, 1, 2), { minLength: 100, maxLength: 200 });
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 60 }),
        fc.array(size, { maxLength: 100 }),
        nights,
        (limit, first, gaps) => {
          const told = play(
            limit,
            first,
            gaps.map((gap) => ({ gap, came: [], gone: 0 })),
          );
          for (const { oldestBefore } of told) expect(oldestBefore).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('reads nothing twice in a run, and no more than its pace, whatever is read how often', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 60 }),
        // Of few objects each is a large part: no share is just so large.
        fc.array(fc.integer({ min: 1 * MIB, max: 4 * MIB }), { minLength: 100, maxLength: 150 }),
        fc.constantFrom(1, 0.5, 1 / 12),
        (limit, first, gap) => {
          const played = Array.from({ length: Math.ceil((3 * limit) / gap) }, () => ({
            gap,
            came: [],
            gone: 0,
          }));
          const told = play(limit, first, played);
          for (const { due } of told) expect(new Set(due).size).toBe(due.length);
          const cycle = limit - Math.min(2, limit / 2);
          const rounds = (3 * limit) / cycle;
          const read = told.reduce((bytes, { due }) => bytes + sum(due), 0);
          // Once for the first time, then once a cycle; objects are read whole.
          const total = sum(first.map((one) => ({ size: one })));
          expect(read).toBeLessThanOrEqual((rounds + 1) * total + 0.1 * rounds * total);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('spreads what was read in one night over the nights that follow', () => {
    const first = Array.from({ length: 1_000 }, () => 32 * MIB);
    const nightly = Array.from({ length: 100 }, () => ({ gap: 1, came: [], gone: 0 }));
    for (const { due, total } of play(30, first, nightly))
      expect(sum(due)).toBeLessThanOrEqual((total / 28) * 1.05);
  });

  it('reads what came since the last night first, and catches up after nights that were missed', () => {
    const first = Array.from({ length: 100 }, () => 32 * MIB);
    const told = play(30, first, [
      ...Array.from({ length: 40 }, () => ({ gap: 1, came: [], gone: 0 })),
      { gap: 1, came: [5_000, 32 * MIB], gone: 0 },
      { gap: 10, came: [], gone: 0 },
    ]);
    const [fresh, late] = told.slice(-2);
    expect(fresh?.due.slice(0, 2).map((object) => object.size)).toEqual([5_000, 32 * MIB]);
    expect(fresh?.unreadLeft).toBe(0);
    expect(sum(late?.due ?? [])).toBeGreaterThan(((late?.total ?? 0) / 28) * 9);
  });

  it('of nothing is nothing', () => {
    expect(dueObjects([], { now: 5, lastAt: undefined, days: 30 })).toEqual([]);
  });
});
