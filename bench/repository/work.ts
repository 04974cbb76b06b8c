// One piece of work in a process of its own: what it takes is measured from outside, and told from inside.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ALLOCATOR } from '../../src/platform/allocator.mjs';
import { walkTree } from '../../src/platform/walk-tree.ts';
import type { VerifyLevel } from '../../src/repository/verify.ts';
import type { Repository } from '../../src/repository/repository.ts';
import type { Place } from './place.ts';
import { type Run, run } from './run.ts';

export type Work =
  | { readonly what: 'backup'; readonly source: string; readonly directory: string }
  | { readonly what: 'verify'; readonly level: VerifyLevel }
  | { readonly what: 'restore'; readonly source: string; readonly target: string }
  | { readonly what: 'prune' };

export interface Told {
  /** Of the work alone, without the start of the program and the opening of the repository. */
  readonly workMs: number;
  /** Backup: bytes of content that were read, and bytes that were put. */
  readonly readBytes?: number;
  readonly newBytes?: number;
  /** One for each day on which files were last changed, as a rule. */
  readonly lists?: number;
}

const DAYS = { days: 30, weeks: 0, months: 0, years: 0 };

/** As a command would do it, with the start of the program; rejects when it fails. */
export async function working(place: Place, work: Work): Promise<Run & Told> {
  const args = [fileURLToPath(import.meta.url), JSON.stringify({ place, work })];
  // As bin/leitstand.mjs has it; beside what is measured.
  const env = { NODE_COMPILE_CACHE: join(dirname(place.directory), 'compiled'), ...ALLOCATOR };
  const done = await run(process.execPath, args, { env });
  return { ...done, ...(JSON.parse(done.stdout) as Told) };
}

async function perform(place: Place, work: Work): Promise<Told> {
  const { openPlace } = await import('./place.ts');
  const repository = await openPlace(place);
  const start = performance.now();
  const told = await performIn(repository, work);
  return { ...told, workMs: performance.now() - start };
}

async function performIn(repository: Repository, work: Work): Promise<Omit<Told, 'workMs'>> {
  if (work.what === 'backup') {
    const { readBytes, newBytes, record } = await repository.writeSnapshot({
      source: work.source,
      stack: 'bench',
      capture: captureOf(work.directory),
    });
    return { readBytes, newBytes, lists: record.lists.length };
  }
  if (work.what === 'verify') {
    const { findings } = await repository.verify({ level: work.level });
    if (findings.length > 0) throw new Error('the repository is damaged');
  }
  if (work.what === 'restore') {
    const [newest] = await repository.snapshots(work.source);
    if (!newest) throw new Error('there is no snapshot');
    await repository.restore({ snapshot: newest.id, target: work.target });
  }
  if (work.what === 'prune') {
    const request = {
      policy: () => DAYS,
      verified: new Set<string>(),
      expected: [],
      dryRun: true,
      much: true,
    };
    await repository.prune(request);
  }
  return {};
}

function* entriesOf(directory: string) {
  const onSpecial = ({ path }: { readonly path: string }) => {
    throw new Error(`${path} is no file of the benchmark`);
  };
  for (const entry of walkTree(directory, { onSpecial }))
    yield Object.assign(entry, { class: 'immutable' as const });
}

function captureOf(directory: string) {
  return {
    cutoff: new Date().toISOString(),
    entries: entriesOf(directory),
    expectations: [],
    knownLoss: [],
    writer: { program: 'bench', version: '1' },
    release: async () => undefined,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { place, work } = JSON.parse(process.argv[2] ?? '') as { place: Place; work: Work };
  process.stdout.write(JSON.stringify(await perform(place, work)));
}
