import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { dieFrom, type Die } from './die.ts';
import { objectsOf, RECORDS } from './hostile-attacks.ts';
import {
  captureTree,
  initialise,
  openAt,
  openRecovered,
  type Place,
  placeIn,
  pruneRequest,
  refusalOf,
  SOURCE,
  writeFiles,
} from './repository-world.ts';
import { PARTS, partOf } from './kills.ts';
import type { Scenario } from './scenario.ts';

const LEVELS = ['presence', 'stored', 'content'] as const;
/** Whose bytes are read from level `stored` on. */
const HASHED = ['lists/', 'packs/'] as const;

export interface FlipPlan {
  readonly encrypted: boolean;
  /** Which bytes of an object of such a size; all unless given. */
  readonly places?: (size: number, kind: string) => readonly number[];
}

/**
 * One bit in one byte of one object: every level that reads the byte finds the object and names it, no use of the
 * repository gives another content for it, and nothing is found once it is right again.
 */
export async function playFlips(plan: FlipPlan, directory: string, die: Die): Promise<string> {
  const place = placeIn(directory);
  const snapshot = await prepare(place, plan.encrypted, die);
  let [flips, objects] = [0, 0];
  for (const kind of [...RECORDS, ...HASHED]) {
    for (const file of await objectsOf(place, kind)) {
      objects += 1;
      const sound = await readFile(file);
      const places = plan.places?.(sound.length, kind) ?? sound.map((_, i) => i);
      for (const at of places) {
        const damaged = Buffer.from(sound);
        damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << die.below(8)), at);
        await writeFile(file, damaged);
        const name = relative(place.repository, file);
        try {
          await assertFound(place, { name, isHashed: (HASHED as readonly string[]).includes(kind) });
          await assertNotUsed(place, { snapshot, round: flips });
        } catch (error) {
          throw new Error(`byte ${at} of ${sound.length} of ${name}`, { cause: error });
        }
        flips += 1;
      }
      await writeFile(file, sound);
    }
  }
  const { findings } = await (await openRecovered(place)).verify({ level: 'content' });
  assert.deepEqual(findings, []);
  return `${flips} bytes of ${objects} ${plan.encrypted ? 'encrypted' : 'plain'} objects`;
}

async function prepare(place: Place, encrypted: boolean, die: Die): Promise<string> {
  await initialise(place, encrypted);
  const source = join(place.directory, 'source');
  await writeFiles(source, [
    { path: 'raw', content: die.bytes(900) },
    { path: 'text', content: Buffer.alloc(5_000, 'text ') },
  ]);
  const repository = await openAt(place);
  const capture = await captureTree(source);
  const { record } = await repository.writeSnapshot({ source: SOURCE, stack: 'demo', capture });
  await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date() });
  await writeFiles(place.repository, [
    { path: `packs/${SOURCE}/ff/${'f'.repeat(64)}`, content: Buffer.from('of nobody') },
  ]);
  await repository.verify({ level: 'stored' });
  await (await openAt(place, 30)).prune(pruneRequest());
  return record.id;
}

async function assertFound(
  place: Place,
  { name, isHashed }: { readonly name: string; readonly isHashed: boolean },
): Promise<void> {
  // What no snapshot needs is nobody's loss.
  if (name.includes('f'.repeat(64))) return;
  const repository = await openRecovered(place).catch(() => undefined);
  // With a broken mark there is nothing to look through.
  if (!repository) return assert.equal(name, 'lsb1.json');
  for (const level of LEVELS) {
    const { findings } = await repository.verify({ level });
    const wanted = isHashed && level === 'presence' ? [] : [name];
    assert.deepEqual([level, findings.map(({ object }) => object)], [level, wanted]);
  }
}

/** A restore gives what was backed up, or says what is wrong. */
async function assertNotUsed(
  place: Place,
  { snapshot, round }: { readonly snapshot: string; readonly round: number },
): Promise<void> {
  const target = join(place.directory, `target-${round}`);
  const refusal = await refusalOf(
    openRecovered(place).then((repository) => repository.restore({ snapshot, target })),
  );
  if (refusal) return;
  for (const path of ['raw', 'text']) {
    const [found, wanted] = await Promise.all(
      [target, join(place.directory, 'source')].map((root) => readFile(join(root, path))),
    );
    assert.ok(found && wanted && found.equals(wanted), `${path} was restored as another file`);
  }
}

export const flips: Scenario = {
  name: 'flips',
  summary: 'one bit of every byte of every object, plain and encrypted: found and named at each level',
  play: (seed, directory) => {
    const die = dieFrom(seed);
    const encrypted = Math.abs(seed) % 2 === 1;
    const index = Math.floor(Math.abs(seed) / 2) % PARTS;
    const places = (size: number) => partOf([...Array(size).keys()], { index, of: PARTS });
    return playFlips({ encrypted, places }, directory, die);
  },
};
