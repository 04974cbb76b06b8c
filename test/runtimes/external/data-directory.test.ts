import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireUsableData } from '../../../src/runtimes/external/data-directory.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'external-data-'));
  await chmod(directory, 0o755);
  await mkdir(join(directory, 'prometheus', 'wal'), { recursive: true });
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Another user's look; Node reads the sources as they are. */
function asNobody(path: string): Promise<{ code: string; why: string } | 'fine'> {
  const module = new URL('../../../src/runtimes/external/data-directory.ts', import.meta.url).href;
  const script = `
    const { requireUsableData } = await import(${JSON.stringify(module)});
    const said = await requireUsableData('prometheus', ${JSON.stringify(path)}).then(() => 'fine', (e) => ({ code: e.code, why: e.details?.why }));
    console.log(JSON.stringify(said));`;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', script],
      { uid: NOBODY, gid: NOBODY, cwd: '/', env: {} },
      (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout) as 'fine')),
    );
  });
}

describe('the data of an attached program', () => {
  const prometheus = () => join(directory, 'prometheus');

  it('can be used by its owner', async () => {
    await requireUsableData('prometheus', prometheus());
    await requireUsableData('alertmanager', directory);
  });

  it.each([
    ['not-there', 'it is not there'],
    ['.', 'it holds no `wal`'],
  ])('is not guessed at %s', async (place, why) => {
    await expect(requireUsableData('prometheus', join(directory, place))).rejects.toMatchObject({
      code: 'LS-EXTERNAL-008',
      exit: 6,
      details: { why: expect.stringContaining(why), fix: expect.stringContaining('attach.prometheus') },
    });
  });

  it.runIf(isRoot)('is refused to another user, who could not remove the snapshot', async ({ skip }) => {
    const readsSources = await asNobody(prometheus()).catch(() => undefined);
    skip(readsSources === undefined, 'another user cannot read this checkout');
    expect(await asNobody(prometheus())).toMatchObject({
      code: 'LS-EXTERNAL-008',
      why: expect.stringMatching(
        new RegExp(`this user \\(${NOBODY}\\) has no permission; it belongs to the user 0`),
      ),
    });
    await chmod(prometheus(), 0o777);
    expect(await asNobody(prometheus())).toMatchObject({
      code: 'LS-EXTERNAL-008',
      why: expect.stringContaining('could not remove a snapshot'),
    });
    await chmod(directory, 0o700);
    expect(await asNobody(prometheus())).toMatchObject({ code: 'LS-EXTERNAL-008' });
    await chmod(directory, 0o755);
    await chown(prometheus(), NOBODY, NOBODY);
    expect(await asNobody(prometheus())).toBe('fine');
  });
});
