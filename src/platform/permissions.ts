import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** As whom a process runs. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  /** With the primary one. */
  readonly groups: readonly number[];
}

/** Source: proc(5), /proc/PID/status. Undefined when the process is gone. */
export async function userOfProcess(pid: number): Promise<ProcessUser | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const numbers = (name: string) =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm')
      .exec(status)?.[1]
      ?.trim()
      .split(/\s+/)
      .filter((text) => text !== '')
      .map(Number);
  // Real, effective, saved and file-system id: the second one opens files.
  const [uid, gid] = [numbers('Uid')?.[1], numbers('Gid')?.[1]];
  if (uid === undefined || gid === undefined) return undefined;
  return { uid, gid, groups: [gid, ...(numbers('Groups') ?? [])] };
}

export function ownUser(): ProcessUser {
  const gid = process.getgid?.() ?? 0;
  return { uid: process.getuid?.() ?? 0, gid, groups: [gid, ...(process.getgroups?.() ?? [])] };
}

const READ = 0o4;
const ENTER = 0o1;

/**
 * The file, or the directory on its way, that keeps this user from reading it, by owner, group and mode; undefined: none.
 * Knows nothing of access control lists. Rejects with Node's system errors where something cannot be looked at.
 */
export async function refusedAt(path: string, user: ProcessUser): Promise<string | undefined> {
  if (user.uid === 0) return undefined;
  for (const directory of ancestors(path)) if (!(await allows(directory, user, ENTER))) return directory;
  return (await allows(path, user, READ)) ? undefined : path;
}

async function allows(path: string, { uid, groups }: ProcessUser, bit: number): Promise<boolean> {
  const found = await stat(path);
  const shift = found.uid === uid ? 6 : groups.includes(found.gid) ? 3 : 0;
  return ((found.mode >> shift) & bit) !== 0;
}

function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    found.unshift(at);
    if (dirname(at) === at) return found;
  }
}
