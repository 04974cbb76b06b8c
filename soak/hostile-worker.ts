/**
 * Attacks a repository in each of the ways that are named, and uses it like somebody who does not know. Arguments: an
 * empty directory, a seed, and numbers of attacks. Prints one JSON line for each attack.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LeitstandError } from '../src/platform/errors.ts';
import { runProgram } from '../src/platform/processes.ts';
import type { Repository } from '../src/repository/repository.ts';
import { dieFrom } from './die.ts';
import { ATTACKS } from './hostile-attacks.ts';
import {
  captureTree,
  initialise,
  openAt,
  type Place,
  placeIn,
  pruneRequest,
  SOURCE,
  writeFiles,
} from './repository-world.ts';

/** Of this program alone: getrusage(2) counts that of the process which started it as well (execve(2)). */
function peakKiB(): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

/** What one attack led to. */
export interface Outcome {
  readonly attack: string;
  /** Use → code, `ok`, or what went wrong in words that are not ours. */
  readonly uses: Readonly<Record<string, string>>;
  readonly wrong: readonly string[];
  readonly peakMiB: number;
  readonly elapsedMs: number;
}

async function prepare(place: Place): Promise<void> {
  await initialise(place);
  await mkdir(join(place.directory, 'outside'));
  await writeFile(join(place.directory, 'outside', 'precious'), 'precious');
  await writeFiles(join(place.directory, 'source'), [
    { path: 'blocks/A/index', content: Buffer.alloc(9000, 'index ') },
    { path: 'blocks/A/meta.json', content: Buffer.from('{}') },
  ]);
  const repository = await openAt(place);
  const capture = await captureTree(join(place.directory, 'source'));
  const { record } = await repository.writeSnapshot({ source: SOURCE, stack: 'demo', capture });
  await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date() });
  await repository.verify({ level: 'stored' });
  // An orphan, and a record that condemns it.
  await mkdir(join(place.repository, 'packs/prometheus/ff'), { recursive: true });
  await writeFile(join(place.repository, 'packs/prometheus/ff', 'f'.repeat(64)), 'orphan');
  await (await openAt(place, 30)).prune(pruneRequest());
}

type Use = (place: Place, repository: Repository, ids: readonly string[]) => Promise<unknown>;

const RESTORE: Use = async ({ directory }, repository, ids) => {
  for (const snapshot of ids) await repository.restore({ snapshot, target: join(directory, 'target') });
};

const USES: Readonly<Record<string, Use>> = {
  survey: (_, repository) => repository.survey(),
  presence: (_, repository) => repository.verify({ level: 'presence' }),
  rotation: (_, repository) => repository.verify({ level: 'stored', rotateDays: 30 }),
  content: (_, repository) => repository.verify({ level: 'content' }),
  restore: RESTORE,
  'restore what can be': async ({ directory }, repository, ids) => {
    for (const snapshot of ids)
      await repository.restore({ snapshot, target: join(directory, 'target-2'), keepGoing: true });
  },
  files: async (_, repository, ids) => {
    for (const id of ids) for await (const _entry of repository.files(await repository.snapshot(id)));
  },
  prune: (_, repository) => repository.prune(pruneRequest()),
  backup: async ({ directory }, repository) => {
    const capture = await captureTree(join(directory, 'source'));
    await repository.writeSnapshot({ source: SOURCE, stack: 'demo', capture });
  },
};

async function attempt(work: () => Promise<unknown>): Promise<string> {
  const patience = AbortSignal.timeout(60_000);
  const late = new Promise<never>((_, reject) =>
    patience.addEventListener('abort', () => reject(new Error('takes for ever')), { once: true }),
  );
  try {
    await Promise.race([work(), late]);
    return 'ok';
  } catch (error) {
    if (error instanceof LeitstandError) return error.code;
    return `BUG ${error instanceof Error ? (error.stack ?? error.message).slice(0, 600) : String(error)}`;
  }
}

async function play(number: number, directory: string, seed: number): Promise<Outcome> {
  const attack = ATTACKS[number];
  if (!attack) throw new Error(`there is no attack ${number}`);
  const place = placeIn(directory);
  await mkdir(directory);
  await prepare(place);
  const ids = (await (await openAt(place)).snapshots()).map(({ id }) => id);
  await attack.act(place, dieFrom(seed));
  const outside = look(place);
  const start = Date.now();
  const uses: Record<string, string> = {};
  let repository: Repository | undefined;
  uses['open'] = await attempt(async () => (repository = await openAt(place, 80)));
  for (const [name, use] of Object.entries(USES)) {
    const opened = repository;
    if (opened) uses[name] = await attempt(() => use(place, opened, ids));
  }
  const wrong = Object.entries(uses).flatMap(([name, end]) =>
    end.startsWith('BUG') ? [`${name}: ${end}`] : [],
  );
  const after = look(place);
  if (after !== outside) wrong.push(`what is outside has changed: ${after}`);
  const precious = await readFile(join(directory, 'outside', 'precious'), 'utf8');
  if (precious !== 'precious') wrong.push('what is outside was written to');
  const peakMiB = Math.round(peakKiB() / 1024);
  await chmod(directory, 0o700);
  // A path may have been restored that is longer than Node removes.
  await runProgram('rm', ['-rf', '--', directory]);
  return { attack: attack.name, uses, wrong, peakMiB, elapsedMs: Date.now() - start };
}

/** Everything beside the repository, and what may be made there. */
function look({ directory }: Place): string {
  const ours = [
    'repository',
    'keys',
    'source',
    'target',
    'target-2',
    'target.restoring',
    'target-2.restoring',
  ];
  const beside = readdirSync(directory).filter((name) => !ours.includes(name));
  const outside = readdirSync(join(directory, 'outside'), { recursive: true }).map(String);
  return JSON.stringify([beside, outside.sort()]);
}

const [directory = '', seed = '', ...numbers] = process.argv.slice(2);
for (const number of numbers) {
  const outcome = await play(Number(number), join(directory, number), Number(seed));
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
// A read that hangs must not keep the process.
process.exit(0);
