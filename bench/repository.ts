// Reading a repository back: `backup verify --level stored` against `openssl dgst -sha256` of the same packs, and a restore
// against `tar -x` of the same files, in turns in the same run.
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/platform/clock.ts';
import { loadOrCreateSigningKey } from '../src/repository/keys.ts';
import { initialiseRepository, openRepository, type Repository } from '../src/repository/repository.ts';
import { openDirectoryStore } from '../src/repository/stores/directory/index.ts';
import type { CaptureEntry } from '../src/stack/source.ts';
import { median, report, timeCommand } from './measure.ts';

const ROUNDS = 5;
const MIB = 1024 * 1024;
/** Log chunks as Loki has them: many, small, compressed by themselves. */
const CHUNKS = { files: 20_000, bytes: 9_000 };
/** Blocks as Prometheus has them. */
const BLOCKS = { files: 4, bytes: 256 * MIB };
const NEEDED_BYTES = 8 * 1024 * MIB;
const SEED = 'leitstand bench repository 1';

/** The same bytes for the same seed and name; they do not compress, as chunks that are compressed already do not. */
function fill(name: string, size: number): Buffer {
  const key = createHash('sha256').update(`${SEED} ${name}`).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

function writeFiles(root: string, kind: string, { files, bytes }: typeof CHUNKS): CaptureEntry[] {
  return Array.from({ length: files }, (_, i) => {
    const path = `${kind}/${String(i % 100).padStart(2, '0')}/${i}`;
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, fill(path, bytes));
    return { path, file, class: 'immutable' };
  });
}

/** In memory where there is room for it: a disk would be measured otherwise. */
function scratchDirectory(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize > NEEDED_BYTES) return mkdtempSync('/dev/shm/leitstand-bench-');
  } catch {
    // No such place on this system.
  }
  return mkdtempSync(join(tmpdir(), 'leitstand-bench-'));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const OPTIONS = { clock: systemClock, random: (size: number) => randomBytes(size) };

async function place(directory: string) {
  const signingKey = await loadOrCreateSigningKey(join(directory, 'keys'));
  return { store: openDirectoryStore(join(directory, 'repository')), options: { ...OPTIONS, signingKey } };
}

/** In a process of its own: what it leaves in memory is not to slow down the reading. */
async function prepare(directory: string): Promise<void> {
  const { store, options } = await place(directory);
  const repository = await initialiseRepository(store, options);
  const source = join(directory, 'source');
  await backUp(repository, 'chunks', writeFiles(source, 'chunks', CHUNKS));
  await backUp(repository, 'blocks', writeFiles(source, 'blocks', BLOCKS));
}

async function backUp(repository: Repository, source: string, entries: readonly CaptureEntry[]) {
  await repository.writeSnapshot({
    source,
    stack: 'bench',
    capture: {
      cutoff: new Date().toISOString(),
      entries,
      expectations: [],
      knownLoss: [],
      writer: { program: 'bench', version: '1' },
      release: async () => undefined,
    },
  });
}

async function verifyAgainstOpenssl(repository: Repository, directory: string): Promise<void> {
  const packs = join(directory, 'repository', 'packs');
  const digest = `find ${packs} -type f -exec openssl dgst -sha256 {} + > ${join(directory, 'digests')}`;
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(
      await timed(async () => {
        const { findings } = await repository.verify({ level: 'stored' });
        if (findings.length > 0) throw new Error('the repository is damaged');
      }),
    );
    theirs.push(timeCommand('sh', ['-c', digest]));
  }
  report([
    {
      name: 'verify stored, in runs of `openssl dgst -sha256`',
      measured: median(ours) / median(theirs),
      goal: 1.2,
      unit: 'x',
    },
  ]);
}

async function restoreAgainstTar(
  repository: Repository,
  directory: string,
  { kind, snapshot }: { readonly kind: string; readonly snapshot: string },
): Promise<void> {
  const archive = join(directory, `${kind}.tar`);
  timeCommand('tar', ['-cf', archive, '-C', join(directory, 'source'), kind]);
  const [ours, theirs]: [number[], number[]] = [[], []];
  const target = join(directory, 'target');
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await timed(() => repository.restore({ snapshot, target })));
    rmSync(target, { recursive: true });
    mkdirSync(target);
    theirs.push(timeCommand('tar', ['-xf', archive, '-C', target]));
    rmSync(target, { recursive: true });
  }
  process.stdout.write(
    `shown   restore of ${kind}: ${median(ours).toFixed(0)} ms, ${(median(ours) / median(theirs)).toFixed(2)} x of \`tar -x\`\n`,
  );
  rmSync(archive);
}

async function measure(directory: string): Promise<void> {
  timeCommand(process.execPath, [fileURLToPath(import.meta.url), 'prepare', directory]);
  const { store, options } = await place(directory);
  const repository = await openRepository(store, options);
  await verifyAgainstOpenssl(repository, directory);
  for (const kind of ['chunks', 'blocks']) {
    const [newest] = await repository.snapshots(kind);
    if (newest) await restoreAgainstTar(repository, directory, { kind, snapshot: newest.id });
  }
  const peak = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(`shown   memory at most, of all of it: ${peak.toFixed(0)} MiB\n`);
}

const [command, prepared = ''] = process.argv.slice(2);
if (command === 'prepare') await prepare(prepared);
else {
  const directory = scratchDirectory();
  try {
    await measure(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
