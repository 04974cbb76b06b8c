import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  initialise,
  openAt,
  openRecovered,
  placeIn,
  SOURCE,
  captureTree,
} from '../../soak/repository-world.ts';
import { codeIn } from '../../soak/run-worker.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { readTree, scratch } from '../repository/fixture.ts';

const WORKER = new URL('../../soak/worker.ts', import.meta.url).pathname;
/** A mount namespace of its own: the small file system is there for this process alone and goes with it. */
const NAMESPACE = ['-rm', '/bin/sh', '-c'];
const possible = await runProgram('unshare', [...NAMESPACE, 'mount -t tmpfs tmpfs /tmp']).then(
  ({ exitCode }) => exitCode === 0,
  () => false,
);
if (!possible)
  process.stderr.write('a repository on a disk that fills up: SKIPPED: no mount namespace here\n');

async function filled(bytes: number) {
  const place = placeIn(scratch());
  await initialise(place);
  const source = join(place.directory, 'source');
  await mkdir(source);
  await writeFile(join(source, 'a'), randomBytes(1000));
  const repository = await openAt(place);
  const capture = await captureTree(source);
  const { record } = await repository.writeSnapshot({ source: SOURCE, stack: 'demo', capture });
  await writeFile(join(source, 'large'), randomBytes(bytes));
  return { place, source, snapshot: record.id };
}

const job = (directory: string, work: object) => JSON.stringify({ ...work, directory, laterHours: 0 });

it.skipIf(!possible)(
  'a repository on a disk that fills up for real says so, stays valid, and takes the backup when there is room',
  async () => {
    const { place, source } = await filled(6_000_000);
    const small = join(place.directory, 'small');
    await mkdir(small);
    // The repository on 3 MB, the backup; then the same with the ballast out of the source.
    const script = `
      mount -t tmpfs -o size=3m tmpfs "$1" && cp -a "$2" "$1/" || exit 99
      mount --bind "$1/repository" "$2" || exit 98
      "$3" "$4" "$5"; code=$?
      rm "$6/large"; "$3" "$4" "$5" >&2 || exit 97
      "$3" "$4" "$7" >&2 || exit 96
      exit $code`;
    const run = job(place.directory, { work: 'backup', source });
    const verify = job(place.directory, { work: 'verify' });
    const args = [small, place.repository, process.execPath, WORKER, run, source, verify];
    const failed = await runProgram('unshare', [...NAMESPACE, script, 'full', ...args], {
      timeoutMs: 120_000,
    });
    expect({ code: codeIn(failed), exit: failed.exitCode }).toEqual({ code: 'LS-REPO-006', exit: 1 });
    expect(failed.stderr).toContain('"findings":[]');
  },
);

it.skipIf(!possible)('a restore to a disk that fills up for real says so', async () => {
  const { place, source } = await filled(4_000_000);
  const capture = await captureTree(source);
  const { record } = await (await openAt(place)).writeSnapshot({ source: SOURCE, stack: 'demo', capture });
  await mkdir(join(place.directory, 'small'));
  const script = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" "$3" "$4"';
  const run = job(place.directory, { work: 'restore', snapshot: record.id, target: 'small/target' });
  const args = [join(place.directory, 'small'), process.execPath, WORKER, run];
  const failed = await runProgram('unshare', [...NAMESPACE, script, 'full', ...args], { timeoutMs: 120_000 });
  expect(codeIn(failed)).toBe('LS-REPO-018');
  expect(failed.stderr).toContain('make room on that disk');
});

it('a limit on the size of files (ulimit -f) is told, and nothing is lost', async () => {
  const { place, source, snapshot } = await filled(600_000);
  const limited = async (work: object) =>
    runProgram(
      '/bin/sh',
      ['-c', 'ulimit -f 200 && exec "$@"', 'sh', process.execPath, WORKER, job(place.directory, work)],
      {
        timeoutMs: 120_000,
      },
    );
  expect(codeIn(await limited({ work: 'backup', source }))).toBe('LS-REPO-007');
  const repository = await openRecovered(place);
  expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  expect((await repository.snapshots()).map(({ id }) => id)).toEqual([snapshot]);
  const capture = await captureTree(source);
  const { record } = await (await openAt(place)).writeSnapshot({ source: SOURCE, stack: 'demo', capture });
  expect(codeIn(await limited({ work: 'restore', snapshot: record.id, target: 'target' }))).toBe(
    'LS-REPO-018',
  );
  await rm(join(place.directory, 'target'), { recursive: true });
  await rm(join(place.directory, 'target.restoring'));
  await repository.restore({ snapshot: record.id, target: join(place.directory, 'target') });
  expect([...(await readTree(join(place.directory, 'target'))).keys()].sort()).toEqual(['a', 'large']);
});
