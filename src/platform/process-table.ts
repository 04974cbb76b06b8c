import { readdir, readFile, readlink } from 'node:fs/promises';
import { systemErrorCode } from './errors.ts';

/** A process is its pid *and* its start time: pids are reused. Source: proc(5), field 22 of /proc/PID/stat. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, as text. */
  readonly startTime: string;
}

interface ProcessStat {
  readonly state: string;
  readonly group: number;
  readonly startTime: string;
}

async function readStat(pid: number): Promise<ProcessStat | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses itself.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, group, startTime] = [fields[0], fields[2], fields[19]];
    if (state === undefined || group === undefined || startTime === undefined) return undefined;
    return { state, group: Number(group), startTime };
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Undefined when there is no such process, or only its zombie. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readStat(pid);
  if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined;
  return { pid, startTime: stat.startTime };
}

/** A zombie is dead; a process with another start time is another process. */
export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(process.pid))?.startTime === process.startTime;
}

export interface MarkedProcess extends ProcessIdentity {
  /** Value of the environment variable looked for. */
  readonly value: string;
  /** Process group; the leader's is its own pid. */
  readonly group: number;
}

/** Processes looked at together: one after the other, the waiting in between costs more than the reading. */
const AT_ONCE = 32;

/** Every live process whose environment holds the variable, as far as this user may look. */
export async function listByEnvironment(name: string): Promise<MarkedProcess[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found: MarkedProcess[] = [];
  for (let at = 0; at < pids.length; at += AT_ONCE) {
    const looks = pids.slice(at, at + AT_ONCE).map((pid) => lookForMark(pid, name));
    for (const marked of await Promise.all(looks)) if (marked) found.push(marked);
  }
  return found;
}

async function lookForMark(pid: number, name: string): Promise<MarkedProcess | undefined> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const value = environment.split('\0').find((line) => line.startsWith(`${name}=`));
  if (value === undefined) return undefined;
  const stat = await readStat(pid);
  if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined;
  return { pid, startTime: stat.startTime, group: stat.group, value: value.slice(name.length + 1) };
}

/** Every live process whose environment holds the variable with one of the values, as far as this user may look. */
export async function findByEnvironment(name: string, values: readonly string[]): Promise<MarkedProcess[]> {
  return (await listByEnvironment(name)).filter(({ value }) => values.includes(value));
}

/** Resident memory in bytes; undefined when the process is gone. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

/** Who listens on a TCP port, as text: `nginx (pid 812)`; undefined as for `findPortOwner`. */
export async function findPortHolder(port: number): Promise<string | undefined> {
  const owner = await findPortOwner(port);
  return owner && `${owner.name} (pid ${owner.pid})`;
}

/** What nobody would know a program by: Node calls its first thread so. */
const COMMON_NAMES: ReadonlyMap<string, string> = new Map([
  ['', 'a process'],
  ['MainThread', 'node'],
]);

/**
 * Who listens on a TCP port. Undefined when nobody does, or when the holder belongs to another user and
 * cannot be seen. Source: proc(5), /proc/net/tcp; state 0A is LISTEN.
 */
export async function findPortOwner(port: number): Promise<{ pid: number; name: string } | undefined> {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const [local, state, inode] = [fields[1], fields[3], fields[9]];
      if (state === '0A' && inode && local && Number.parseInt(local.split(':')[1] ?? '', 16) === port)
        inodes.add(inode);
    }
  }
  if (inodes.size === 0) return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  // The holder before its children, which have the same descriptors until they are programs of their own.
  for (const pid of pids.sort((a, b) => a - b)) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined && inodes.has(inode)) {
        const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
        return { pid, name: COMMON_NAMES.get(name) ?? name };
      }
    }
  }
  return undefined;
}
