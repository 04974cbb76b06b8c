import { cpSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/platform/files.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { loadPublicKey } from '../../src/repository/keys.ts';
import { openRepository, parseIdentities, type Repository } from '../../src/repository/repository.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import { findAge } from './age-program.ts';
import { scratch, world } from './fixture.ts';
import { differences, observe, type Seen } from './trees.ts';

const vectors = join(import.meta.dirname, 'vectors');
const searchPath = process.env['PATH'] ?? '';
const age = await findAge();

/** What was backed up. */
function source(tree: string): Map<string, Seen> {
  const lines = readFileSync(join(vectors, tree), 'utf8').trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const { path, mtime, ...seen } = JSON.parse(line) as Omit<Seen, 'mtime'> & {
        path: string;
        mtime: string;
      };
      return [path, { ...seen, mtime: BigInt(mtime) }];
    }),
  );
}

/** A copy: nothing may change what is frozen. */
async function open(kind: string): Promise<{ readonly directory: string; readonly repository: Repository }> {
  const directory = join(scratch(), kind);
  cpSync(join(vectors, kind), directory, { recursive: true });
  const identities =
    kind !== 'encrypted' ? [] : await parseIdentities(readFileSync(join(directory, 'recovery.txt'), 'utf8'));
  const repository = await openRepository(openDirectoryStore(join(directory, 'repository')), {
    ...world,
    publicKey: await loadPublicKey(join(directory, 'signing.pub.pem')),
    identities,
  });
  return { directory, repository };
}

describe.each([
  { kind: 'plain', tree: 'tree.jsonl', lists: 1, files: 8 },
  { kind: 'encrypted', tree: 'tree.jsonl', lists: 1, files: 8 },
  { kind: 'days', tree: 'days/tree.jsonl', lists: 6, files: 9 },
])('the frozen $kind repository', ({ kind, tree, lists, files }) => {
  it('is sound to its last byte', async () => {
    const { repository } = await open(kind);
    const { findings, counts } = await repository.verify({ level: 'content' });
    expect(findings).toEqual([]);
    expect(counts).toMatchObject({ lists, packs: 1, files });
    expect(await repository.backups()).toHaveLength(1);
  });

  it('still says what was known when it was made', async () => {
    const { repository } = await open(kind);
    const [record] = await repository.snapshots('prometheus');
    if (!record) throw new Error('no snapshot');
    expect(await repository.facts(record)).toEqual({
      expectations: [{ kind: 'sample-counts', subject: 'up', value: { count: 42 } }],
      knownLoss: ['nothing of note'],
    });
  });

  it('is restored as it was', async () => {
    const { directory, repository } = await open(kind);
    const [record] = await repository.snapshots();
    const target = join(directory, 'target');
    await repository.restore({ snapshot: record?.id ?? '', target, mapPath: (path) => path });
    expect(differences(source(tree), observe(target))).toEqual([]);
  });

  it('is restored by its own restore.sh', async (test) => {
    for (const program of ['jq', 'zstd', 'sha256sum'])
      if ((await findExecutable(program, searchPath)) === undefined) test.skip(`${program} is not here`);
    if (kind === 'encrypted' && age === undefined) test.skip('age is not here');
    const { directory, repository } = await open(kind);
    const [record] = await repository.snapshots();
    const target = join(directory, 'target');
    const key = kind !== 'encrypted' ? [] : ['-i', join(directory, 'recovery.txt')];
    const script = join(directory, 'repository', 'restore.sh');
    const env = { ...process.env, PATH: `${age === undefined ? '' : `${dirname(age)}:`}${searchPath}` };
    const result = await runProgram('sh', [script, ...key, record?.id ?? '', target], { env });
    expect(result).toMatchObject({ exitCode: 0, stdout: '' });
    // A part of 4 MiB that holds anything is written as a whole.
    const found = differences(source(tree), observe(target)).filter((line) => !line.includes('has holes'));
    expect(found).toEqual([]);
  });
});
