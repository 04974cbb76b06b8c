import { join } from 'node:path';
import { z } from 'zod';
import { exists, readTextIfExists, writeFileAtomic } from '../platform/files.ts';
import type { JobOwner, ScheduledJob } from '../stack/job.ts';
import { type Ownership, scheduleText } from './job-state.ts';

/** A job that systemd or cron runs in the daemon's place. */
export interface OwnedJob {
  readonly owner: JobOwner;
  /** The timer or the cron table; the ownership ends with it. */
  readonly file: string;
  /** As it was when that was written; see `scheduleText`. */
  readonly schedule: string;
}

/** Job → who runs it. */
export type OwnedJobs = Readonly<Record<string, OwnedJob>>;

const OWNERS = ['systemd', 'systemd-user', 'cron'] as const satisfies readonly JobOwner[];

const ownersFile = z.strictObject({
  jobs: z.record(
    z.string(),
    z.strictObject({ owner: z.enum(OWNERS), file: z.string().startsWith('/'), schedule: z.string() }),
  ),
});

/** A file that cannot be understood names nobody: then the daemon runs everything, which is never too little. */
export async function readOwners(stateDir: string): Promise<OwnedJobs> {
  try {
    return ownersFile.parse(JSON.parse((await readTextIfExists(pathIn(stateDir))) ?? '')).jobs;
  } catch {
    return {};
  }
}

/** Readable for whoever may enter the state directory: root writes it, and the daemon is somebody else. */
export async function writeOwners(stateDir: string, jobs: OwnedJobs): Promise<void> {
  await writeFileAtomic(pathIn(stateDir), `${JSON.stringify({ jobs }, undefined, 2)}\n`, { mode: 0o644 });
}

/** Who runs it now: nobody, once the timer or the table is gone. */
export async function ownerOf(stateDir: string, job: string): Promise<JobOwner | undefined> {
  const owned = (await readOwners(stateDir))[job];
  return owned && (await isThere(owned.file)) ? owned.owner : undefined;
}

/** The same with what is to be said about it. */
export async function ownershipOf(owners: OwnedJobs, job: ScheduledJob): Promise<Ownership | undefined> {
  const owned = owners[job.name];
  if (!owned || !(await isThere(owned.file))) return undefined;
  const { owner, file, schedule } = owned;
  return schedule === scheduleText(job)
    ? { owner }
    : { owner, remark: `${file} has another time (${schedule}): leitstand schedule install` };
}

/** One that may not be looked at is there. */
function isThere(file: string): Promise<boolean> {
  return exists(file).catch(() => true);
}

function pathIn(stateDir: string): string {
  return join(stateDir, 'job-owners.json');
}
