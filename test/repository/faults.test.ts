import { describe, expect, it } from 'vitest';
import { playCrashes, WORKS } from '../../soak/crashes.ts';
import { dieFrom } from '../../soak/die.ts';
import { type Disk, playDisk } from '../../soak/disk.ts';
import { playFlips } from '../../soak/flips.ts';
import { playKills, type Victim } from '../../soak/kills.ts';
import { playProcesses } from '../../soak/processes.ts';
import { scratch } from './fixture.ts';

/** Samples; all of it: `npm run soak` (docs/soak.md). Each test says with which seed it fails. */
const seed = Math.floor(Math.random() * 1_000_000_000);
/** On files, about so many. */
const OPERATIONS: Readonly<Record<Victim, number>> = {
  backup: 38,
  condemning: 18,
  deleting: 7,
  verify: 14,
  restore: 65,
};
const PATIENCE_MS = 300_000;

async function withSeed(play: (die: ReturnType<typeof dieFrom>) => Promise<string>): Promise<void> {
  await expect(play(dieFrom(seed)), `seed ${seed}`).resolves.toMatch(/./);
}

describe('the end at operations of the store', () => {
  it.each(WORKS)(
    'of a run that does this: %s; is followed by one that does it',
    (work) => withSeed(() => playCrashes(work, scratch(), { seed, step: 9 })),
    PATIENCE_MS,
  );
});

describe('SIGKILL at an operation on files', () => {
  const prune = dieFrom(seed).of(['condemning', 'deleting'] as const);
  it.each<Victim>(['backup', prune, 'restore'])(
    'of a process that does this: %s; is followed by one that does it',
    (victim) =>
      withSeed((die) => {
        const how = die.of(['kill-before', 'kill-half', 'kill-after'] as const);
        const points = [{ at: 1 + die.below(OPERATIONS[victim]), how }];
        return playKills({ victim, points, encrypted: victim === 'backup' }, scratch(), die);
      }),
    PATIENCE_MS,
  );

  it(
    'of a restore that has only begun with its mark is followed by one that does it',
    () =>
      withSeed((die) => {
        const points = [1, 2, 3, 4].map((at) => ({ at, how: 'kill-after' as const }));
        return playKills({ victim: 'restore', points, encrypted: false }, scratch(), die);
      }),
    PATIENCE_MS,
  );

  it(
    'of an encrypted backup whose journal of keys is lost as well is none the worse',
    () =>
      withSeed((die) => {
        const points = [{ at: 30, how: 'kill-after' as const }];
        return playKills({ victim: 'backup', encrypted: true, losesKeys: true, points }, scratch(), die);
      }),
    PATIENCE_MS,
  );
});

describe('a disk that fails', () => {
  it.each<[Disk, Victim, 'repository' | 'target' | 'source' | 'keys']>([
    ['ENOSPC', 'backup', 'repository'],
    ['EROFS', 'condemning', 'repository'],
    ['EACCES', 'verify', 'repository'],
    ['ENOSPC', 'backup', 'keys'],
    ['ENOSPC', 'restore', 'target'],
  ])(
    'with %s, during %s, under the %s: is told, and what was there stays',
    (disk, victim, part) =>
      withSeed((die) => {
        // The second is always among them: of a restore it is the one that fills its mark.
        const points = [2, 1 + die.below(OPERATIONS[victim])];
        return playDisk({ disk, victim, part, points, encrypted: part === 'keys' }, scratch(), die);
      }),
    PATIENCE_MS,
  );
});

describe('a bit that has flipped', () => {
  it.each([false, true])(
    'in any object (encrypted: %s) is found and named, and never restored',
    (encrypted) =>
      withSeed((die) => {
        // With encryption: the header, the nonce, a chunk and its tag.
        const places = (size: number, kind: string) =>
          kind.endsWith('s/') && encrypted
            ? Array.from({ length: 8 }, (_, i) => Math.floor((size * i) / 8)).concat(size - 1)
            : [die.below(size), size - 1];
        return playFlips({ encrypted, places }, scratch(), die);
      }),
    PATIENCE_MS,
  );
});

describe('two writers and two prunes as processes', () => {
  it(
    'that are killed and paused while days pass lose nothing, and leave no holes',
    () => withSeed((die) => playProcesses(scratch(), die, { rounds: 1, eventsPerRound: 12 })),
    PATIENCE_MS,
  );
});
