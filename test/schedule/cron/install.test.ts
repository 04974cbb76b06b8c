import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installTable, removeTables } from '../../../src/schedule/cron/install.ts';
import { ownerOf, readOwners } from '../../../src/schedule/owners.ts';
import { alertTest, backup, place } from '../places.ts';

let root = '';
let file = '';
const uid = process.getuid?.() ?? 0;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-cron-'));
  file = join(root, 'table');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const stateDir = () => join(root, 'state');
const install = (
  more: { readonly to?: string; readonly dryRun?: boolean; readonly stateDir?: string } = {},
) =>
  installTable({
    table: {
      place: { ...place, stateDir: more.stateDir ?? stateDir() },
      jobs: [backup, alertTest],
      zone: 'UTC',
      mailTo: 'ops@example.org',
    },
    file: more.to ?? file,
    owner: uid,
    uid,
    dryRun: more.dryRun === true,
  });

it('writes the table as cron wants it, and the daemon leaves the jobs alone', async () => {
  expect(await install({ dryRun: true })).toBe(true);
  expect(await readOwners(stateDir())).toEqual({});
  expect(await install()).toBe(true);
  expect((await stat(file)).mode & 0o777).toBe(0o644);
  expect((await readFile(file, 'utf8')).endsWith('\n')).toBe(true);
  expect(await ownerOf(stateDir(), 'backup')).toBe('cron');
  // Whoever runs the jobs writes their log there.
  expect((await stat(join(stateDir(), 'logs'))).mode & 0o777).toBe(0o700);
  expect(await install()).toBe(false);
});

it('gives the jobs back when it is removed, by whomever', async () => {
  await install();
  expect(await removeTables(stateDir(), { dryRun: true })).toEqual([file]);
  expect(await removeTables(stateDir(), { dryRun: false })).toEqual([file]);
  expect(await ownerOf(stateDir(), 'backup')).toBeUndefined();
  await install();
  await rm(file);
  expect(await ownerOf(stateDir(), 'backup')).toBeUndefined();
  expect(await removeTables(stateDir(), { dryRun: false })).toEqual([]);
  expect(await readOwners(stateDir())).toEqual({});
});

it("never touches what is somebody else's", async () => {
  await writeFile(file, '0 2 * * * root /usr/local/bin/backup\n');
  await expect(install()).rejects.toMatchObject({ code: 'LS-SCHEDULE-002' });
  await rm(file);
  await install();
  await expect(install({ stateDir: join(root, 'other') })).rejects.toThrow("is another stack's");
});

it('refuses a name that cron passes over', async () => {
  await expect(install({ to: '/etc/cron.d/leitstand.rathaus' })).rejects.toMatchObject({
    code: 'LS-SCHEDULE-006',
    details: { fix: '--output /etc/cron.d/leitstand-rathaus' },
  });
});
