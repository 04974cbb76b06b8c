import { describe, expect, it } from 'vitest';
import { playSchedule } from '../../soak/interleaving.ts';
import { scratch } from './fixture.ts';

/** More of them: `npm run soak -- interleaving`. */
const SCHEDULES = 20;

describe('writers and prunes at once, however they interleave', () => {
  it(`leave no snapshot with holes (${SCHEDULES} schedules)`, async () => {
    const directory = scratch();
    const first = Math.floor(Math.random() * 1_000_000);
    for (let seed = first; seed < first + SCHEDULES; seed++)
      expect(await playSchedule(seed, directory), `seed ${seed}`).toEqual([]);
  }, 600_000);

  it('would, if a run might take as long as it likes: the schedules do find holes', async () => {
    const directory = scratch();
    for (let seed = 0; seed < 2_000; seed++)
      if ((await playSchedule(seed, directory, true)).length > 0) return;
    throw new Error('no schedule found one');
  }, 600_000);
});
