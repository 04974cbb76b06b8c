import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runtimeErrors } from './errors.ts';

/** Every path is absolute. */
export interface NativeLayout {
  readonly stateDir: string;
  /** What a component reads: a symbolic link that a deployment switches. */
  rendered(component: string): string;
  secrets(component: string): string;
  secret(component: string, name: string): string;
  data(component: string): string;
  log(component: string): string;
  /** The `DesiredState` that the daemon keeps to, also after its own restart. */
  readonly desired: string;
  readonly processes: string;
  process(component: string): string;
  readonly lock: string;
  /** Where the running daemon really listens: its environment may differ from a caller's (cron, sudo). */
  readonly daemonAddress: string;
  readonly logs: string;
  readonly daemonLog: string;
  /** What is done by schedule says here what it has to say. */
  readonly jobLog: string;
  /** How far the logs have been shipped. */
  readonly logPositions: string;
  /** What a test wants a rule of Prometheus to raise. */
  readonly wantedTests: string;
  readonly keys: string;
  readonly database: string;
}

export function nativeLayout(stateDir: string): NativeLayout {
  const root = resolve(stateDir);
  const below = (...names: string[]) => join(root, ...names);
  return {
    stateDir: root,
    rendered: (component) => below('rendered', component),
    secrets: (component) => below('secrets', component),
    secret: (component, name) => below('secrets', component, name),
    data: (component) => below('data', component),
    log: (component) => below('logs', `${component}.log`),
    desired: below('run', 'desired.json'),
    processes: below('run', 'processes'),
    process: (component) => below('run', 'processes', `${component}.json`),
    lock: below('run', 'daemon.lock'),
    daemonAddress: below('run', 'daemon.json'),
    logs: below('logs'),
    daemonLog: below('logs', 'daemon.log'),
    jobLog: below('logs', 'schedule.log'),
    logPositions: below('run', 'log-positions.json'),
    wantedTests: below('run', 'wanted-tests'),
    keys: below('keys'),
    database: below('leitstand.db'),
  };
}

/** The directories the runtime itself writes to; private to their owner. */
export async function makeLayout(layout: NativeLayout): Promise<void> {
  for (const directory of [layout.processes, layout.logs]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
}

/**
 * What tells one stack's processes from another's: 12 hex digits of the state directory's device, inode and birth. Not
 * of its path, since the process table shows containers as well, whose paths may be the same; and not of anything in
 * it, since a copy of the directory is another stack. Moved within its file system it is the same stack.
 */
export async function stackScope(stateDir: string): Promise<string> {
  const [scope] = await stackScopes(stateDir);
  return scope;
}

/**
 * All by which processes of the stack are to be found: `stackScope`, then the one of versions that did not look at the
 * birth, so that a directory with the inode of a deleted one had its scope too.
 */
export async function stackScopes(stateDir: string): Promise<readonly [string, ...string[]]> {
  const { dev, ino, birthtimeNs } = await stat(stateDir, { bigint: true });
  const before = scopeOf(`${dev}:${ino}`);
  // File systems that keep no birth give 0.
  if (birthtimeNs <= 0n || !(await tellsBirth())) return [before];
  return [scopeOf(`${dev}:${ino}:${birthtimeNs}`), before];
}

function scopeOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/**
 * Where statx(2) is barred, Node gives the time of the last change instead, which does not stay the same. /proc has no
 * birth: when it is given one, that is what happens here.
 */
async function tellsBirth(): Promise<boolean> {
  const proc = await stat('/proc', { bigint: true }).catch(() => undefined);
  return proc?.birthtimeNs === 0n;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** sockaddr_un holds 108 bytes with the final zero (unix(7)); other systems have 104. */
const SOCKET_PATH_BYTES = 100;

/**
 * Where the daemon listens: short, since the kernel allows about 100 bytes and state directories are longer.
 * `$XDG_RUNTIME_DIR/leitstand/` if it is the user's own, else `/run/leitstand/` for root, else `/tmp/leitstand-<uid>/`.
 */
export async function socketPath(stateDir: string, env: Environment, uid: number): Promise<string> {
  const name = `${await stackScope(stateDir)}.sock`;
  const shared = env['XDG_RUNTIME_DIR'];
  // It goes away with the user's last session, and `su` and `sudo -E` pass on that of somebody else.
  if (shared?.startsWith('/') && (await ownerOf(shared)) === uid) {
    const path = join(shared, 'leitstand', name);
    if (Buffer.byteLength(path) < SOCKET_PATH_BYTES) return path;
  }
  return join(uid === 0 ? '/run/leitstand' : `/tmp/leitstand-${uid}`, name);
}

async function ownerOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.uid;
}

/**
 * Makes the socket's directory, or checks the one that is there: `/tmp` is everybody's, and whoever made the
 * directory first could pose as the daemon. Throws LS-RUNTIME-009.
 */
export async function secureSocketDirectory(directory: string, uid: number): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== uid) {
    throw runtimeErrors.error('LS-RUNTIME-009', {
      what: `the directory ${directory}, in which the daemon would listen, is not yours`,
      why: found.isDirectory() ? `it belongs to the user with the id ${found.uid}` : 'it is not a directory',
      where: { file: directory },
      fix: `ask its owner to remove it, or set XDG_RUNTIME_DIR to a directory of your own and run the command again`,
    });
  }
  if ((found.mode & 0o077) !== 0) await chmod(directory, 0o700);
}
