/**
 * One host of several that work with the same repository: does one thing after the other and tells each on a line, until
 * its input ends or it is killed. Arguments: directory, `writer` or `pruner`, name, seed, hours its clock is ahead.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LeitstandError } from '../src/platform/errors.ts';
import { systemClock } from '../src/platform/clock.ts';
import { loadOrCreateSigningKey } from '../src/repository/keys.ts';
import { openRepository, type Repository } from '../src/repository/repository.ts';
import { openDirectoryStore } from '../src/repository/stores/directory/index.ts';
import { dieFrom } from './die.ts';
import { jumpingStore, laterThan } from './jumping-store.ts';
import { captureTree, HOUR_MS, hostOptions, placeIn, pruneRequest, SOURCE } from './repository-world.ts';

/** What one thing has come to. */
export type Told =
  | { readonly told: 'committed'; readonly snapshot: string }
  | { readonly told: 'pruned'; readonly deleted: number; readonly over: readonly string[] }
  | { readonly told: 'verified'; readonly findings: number }
  | { readonly told: 'refused'; readonly code: string };

const [directory = '', role = '', name = '', seed = '', ahead = ''] = process.argv.slice(2);
const die = dieFrom(Number(seed));
const place = placeIn(directory);

async function open(): Promise<Repository> {
  const key = await loadOrCreateSigningKey(place.keys);
  const clock = {
    ...systemClock,
    now: () => new Date(laterThan(Date.now(), directory) + Number(ahead) * HOUR_MS),
  };
  return openRepository(jumpingStore(openDirectoryStore(place.repository), directory), {
    ...hostOptions(key),
    clock,
  });
}

async function write(repository: Repository, round: number): Promise<Told> {
  const source = join(directory, `source-${name}`, String(round));
  mkdirSync(source, { recursive: true });
  // Few contents, so that much is built upon what others stored.
  for (const file of ['a', 'b', 'c']) writeFileSync(join(source, file), `content ${die.below(4)}`);
  const capture = await captureTree(source);
  const { record } = await repository.writeSnapshot({ source: SOURCE, stack: 'demo', capture });
  await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date() });
  return { told: 'committed', snapshot: record.id };
}

async function prune(repository: Repository): Promise<Told> {
  if (die.below(3) === 0) {
    const { findings } = await repository.verify({ level: 'stored', rotateDays: 30 });
    return { told: 'verified', findings: findings.length };
  }
  const { deleted, snapshots } = await repository.prune(pruneRequest());
  const over = snapshots.flatMap(({ id, kept }) => (kept === undefined ? [id] : []));
  return { told: 'pruned', deleted: deleted.objects, over };
}

async function doOne(round: number): Promise<Told> {
  try {
    const repository = await open();
    return await (role === 'writer' ? write(repository, round) : prune(repository));
  } catch (error) {
    if (error instanceof LeitstandError) return { told: 'refused', code: error.code };
    throw error;
  }
}

let isOver = false;
process.stdin.on('end', () => (isOver = true)).resume();
for (let round = 0; !isOver; round++) process.stdout.write(`${JSON.stringify(await doOne(round))}\n`);
