import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exists, readTextIfExists, writeFileAtomic } from '../../platform/files.ts';
import { ensureOwnedDirectory } from '../../platform/owned-directory.ts';
import { scheduleErrors } from '../errors.ts';
import { scheduleText } from '../job-state.ts';
import { readOwners, writeOwners } from '../owners.ts';
import { type CronTable, cronTable, tableFor } from './table.ts';

const CRON_DIRECTORY = '/etc/cron.d';
/** cron(8) of Debian: names of files as run-parts(8) has them. */
const READ_NAME = /^[A-Za-z0-9_-]+$/;

export interface TableInstallation {
  readonly table: CronTable;
  /** Absolute. */
  readonly file: string;
  /** User id of the owner of the state directory. */
  readonly owner: number;
  readonly uid: number;
  readonly dryRun: boolean;
}

/**
 * Writes the table, readable by all as cron wants it, and has the daemon leave its jobs alone. Throws LS-SCHEDULE errors;
 * what is somebody else's is never touched. Returns whether it was another one before.
 */
export async function installTable(request: TableInstallation): Promise<boolean> {
  const { table, file, owner, uid, dryRun } = request;
  const { stateDir } = table.place;
  refuseUnread(file);
  const text = cronTable(table);
  const former = await readTextIfExists(file);
  if (former !== undefined) await refuseForeign(file, former, stateDir);
  if (dryRun) return former !== text;
  await ensureOwnedDirectory(stateDir, owner, uid);
  await ensureOwnedDirectory(join(stateDir, 'logs'), owner, uid);
  if (former !== text) await writeFileAtomic(file, text, { mode: 0o644 });
  const others = Object.entries(await readOwners(stateDir)).filter(([, one]) => one.file !== file);
  const ours = table.jobs.map((job) => [
    job.name,
    { owner: 'cron' as const, file, schedule: scheduleText(job) },
  ]);
  await writeOwners(stateDir, Object.fromEntries([...others, ...ours]));
  return former !== text;
}

/** Removes the tables that were installed, and gives their jobs back to the daemon. Returns their paths. */
export async function removeTables(
  stateDir: string,
  { dryRun }: { readonly dryRun: boolean },
): Promise<readonly string[]> {
  const owners = Object.entries(await readOwners(stateDir));
  const files = new Set(owners.flatMap(([, { owner, file }]) => (owner === 'cron' ? [file] : [])));
  const ours: string[] = [];
  for (const file of files) {
    const text = await readTextIfExists(file);
    if (text === undefined) continue;
    await refuseForeign(file, text, stateDir);
    ours.push(file);
  }
  if (dryRun) return ours;
  for (const file of ours) await rm(file);
  if (files.size > 0)
    await writeOwners(stateDir, Object.fromEntries(owners.filter(([, { owner }]) => owner !== 'cron')));
  return ours;
}

/** A name that cron passes over would be a table that nobody reads. */
function refuseUnread(file: string): void {
  const name = basename(file);
  if (dirname(file) !== CRON_DIRECTORY || READ_NAME.test(name)) return;
  throw scheduleErrors.error('LS-SCHEDULE-006', {
    what: `cron passes over ${file}`,
    why: 'its name has something else in it than letters, digits, `-` and `_`',
    fix: `--output ${join(CRON_DIRECTORY, name.replaceAll(/[^A-Za-z0-9_-]/g, '-'))}`,
  });
}

/** Ours is what we wrote for this stack, or for one whose state directory is gone. */
async function refuseForeign(file: string, text: string, stateDir: string): Promise<void> {
  const served = tableFor(text);
  if (served === stateDir || (served !== undefined && !(await exists(served)))) return;
  throw scheduleErrors.error('LS-SCHEDULE-002', {
    what: served === undefined ? `${file} was not written by Leitstand` : `${file} is another stack's`,
    why:
      served === undefined
        ? 'its first line is not the one that Leitstand writes'
        : `its data is in ${served}`,
    where: { file },
    fix: 'name another file: --output PATH',
  });
}
