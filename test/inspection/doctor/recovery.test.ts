import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyStack } from '../../../src/cli/stack-of-document.ts';
import type { DoctorWorld, RecoveryFacts } from '../../../src/inspection/doctor/check.ts';
import { recoveryCheck } from '../../../src/inspection/doctor/checks/recovery.ts';
import { loadOrCreateHostKey, makeRecoveryKey } from '../../../src/repository/repository.ts';

let directory: string;
let stateDir: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-doctor-'));
  stateDir = join(directory, '.leitstand');
  await mkdir(join(stateDir, 'keys'), { recursive: true, mode: 0o700 });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What the check asks of its world, and no more. */
async function look(recovery: RecoveryFacts | undefined): Promise<readonly string[]> {
  const stack = emptyStack('town', join(directory, 'leitstand.yaml'), stateDir);
  const lines = await recoveryCheck.run({ stack, recovery } as unknown as DoctorWorld);
  return lines.map(({ verdict, subject, found, fix = '' }) => `${verdict} ${subject}: ${found} [${fix}]`);
}

const key = (parts: Partial<RecoveryFacts['keys'][number]> = {}) => ({
  name: 'age1abc',
  triedAt: '2026-11-24T19:53:03.000Z',
  isOld: false,
  ...parts,
});

describe('the doctor on recovery', () => {
  it('says that backups are not encrypted', async () => {
    expect(await look({ keys: [], hasBackups: false })).toEqual([
      'warn backups: they are not encrypted: whoever has them can read them [leitstand backup kit --new]',
    ]);
    expect(await look(undefined)).toEqual([]);
  });

  it('asks when each key was last tried', async () => {
    expect(await look({ keys: [key()], hasBackups: false })).toEqual([
      'ok recovery key age1abc…: its secret half was tried on 2026-11-24 []',
    ]);
    expect((await look({ keys: [key({ isOld: true })], hasBackups: false }))[0]).toMatch(
      /^warn .*--prove FILE/,
    );
    const [never] = await look({ keys: [key({ triedAt: undefined })], hasBackups: false });
    expect(never).toMatch(/^fail .*`leitstand backup` refuses/);
    const [second] = await look({ keys: [key({ triedAt: undefined }), key()], hasBackups: false });
    expect(second).toMatch(/^warn .*never tried/);
  });

  it('misses the host key once there are backups', async () => {
    expect((await look({ keys: [key()], hasBackups: true }))[1]).toMatch(/^warn host key: .*is not there/);
    await loadOrCreateHostKey(join(stateDir, 'keys'));
    expect((await look({ keys: [key()], hasBackups: true }))[1]).toMatch(/^ok host key/);
  });

  it('finds a kit that lies with the stack, wherever somebody left it', async () => {
    const { secret } = await makeRecoveryKey();
    await mkdir(join(directory, 'secrets'), { recursive: true });
    for (const path of [
      join(directory, 'kit.txt'),
      join(directory, 'secrets', 'KEY'),
      join(stateDir, 'kit.txt'),
      join(stateDir, 'keys', 'recovery.age'),
    ]) {
      await writeFile(path, `# a kit\n${secret.reveal()}\n`);
      const lines = await look(undefined);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(`fail ${path}: it holds the secret half of a recovery key`);
      expect(lines[0]).not.toContain(secret.reveal());
      await rm(path);
    }
    expect(await look(undefined)).toEqual([]);
  });
});
