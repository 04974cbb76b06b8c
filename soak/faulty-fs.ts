/**
 * Loaded before a program (`node --import`): counts what it does to files below given directories, and at one of these
 * operations kills the process, or has the operation fail. `LEITSTAND_FAULT` holds a `Fault` as JSON.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

export interface Fault {
  /** Only what happens below one of these counts. */
  readonly below: readonly string[];
  /** The so-manieth operation, from 1; 0: none. */
  readonly at: number;
  /**
   * `kill-before`, `kill-after`, `kill-half`: SIGKILL before it, after it, or with half of what is to be written. A code
   * of errno(3): it fails.
   */
  readonly how: string | undefined;
  /** What comes after it fails too; else it fails once. */
  readonly lasts?: boolean;
  /** What takes no room and only makes some succeeds (unlink), as on a full disk. */
  readonly mayDelete?: boolean;
  /** Reading counts as well. */
  readonly reads?: boolean;
  /** Functions that neither count nor fail. */
  readonly spares?: readonly string[];
  /** A file that gets a line for each operation. */
  readonly log?: string;
}

type Kind = 'write' | 'delete' | 'read';
type Call = (...args: unknown[]) => unknown;
type Functions = Record<string, Call>;

const fault = JSON.parse(process.env['LEITSTAND_FAULT'] ?? 'null') as Fault | null;
const { readlinkSync, appendFileSync } = fs;
let count = 0;

function pathOf(where: unknown): string {
  const named = typeof where === 'number' ? `/proc/self/fd/${where}` : String(where);
  const [, root, rest = ''] = /^(\/proc\/self\/fd\/\d+)(\/.*)?$/.exec(named) ?? [];
  if (root === undefined) return named;
  try {
    return `${readlinkSync(root)}${rest}`;
  } catch {
    return named;
  }
}

function meets(name: string, kind: Kind, where: unknown): 'none' | 'kill' | 'fail' {
  if (!fault || (kind === 'read' && fault.reads !== true) || fault.spares?.includes(name)) return 'none';
  const path = pathOf(where);
  if (!fault.below.some((root) => path === root || path.startsWith(`${root}/`))) return 'none';
  count += 1;
  if (fault.log !== undefined) appendFileSync(fault.log, `${name} ${path}\n`);
  if (fault.at === 0 || count < fault.at || (count > fault.at && fault.lasts !== true)) return 'none';
  if (fault.how?.startsWith('kill-') === true) return 'kill';
  return kind === 'delete' && fault.mayDelete === true ? 'none' : 'fail';
}

function failure(name: string, where: unknown): Error {
  const code = String(fault?.how);
  const path = pathOf(where);
  return Object.assign(new Error(`${code}: injected, ${name} '${path}'`), { code, syscall: name, path });
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** The first half of what is to be written, where the call writes. */
function halved(args: readonly unknown[]): unknown[] {
  return args.map((arg) =>
    arg instanceof Uint8Array
      ? arg.subarray(0, arg.length >> 1)
      : typeof arg === 'number' && arg > 1024
        ? arg >> 1
        : arg,
  );
}

/** Around a function that answers when it is done: at once, or with a promise. */
function around(
  name: string,
  kind: Kind,
  where: (self: unknown, args: unknown[]) => unknown,
  call: Call,
): Call {
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const place = where(this, args);
    const met = meets(name, kind, place);
    if (met === 'none') return call.apply(this, args);
    if (met === 'fail') throw failure(name, place);
    if (fault?.how === 'kill-before') die();
    const isHalf = fault?.how === 'kill-half' && name.startsWith('write');
    let result: unknown;
    try {
      result = call.apply(this, isHalf ? halved(args) : args);
    } finally {
      // Also where it throws: a lock's file that is there already.
      if (!(result instanceof Promise)) die();
    }
    return (result as Promise<unknown>).finally(die);
  };
  return Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(call)) as Call;
}

/** The same, which rejects rather than throws. */
function aroundAsync(...parts: Parameters<typeof around>): Call {
  const wrapped = around(...parts);
  return async function (this: unknown, ...args: unknown[]) {
    return wrapped.apply(this, args);
  };
}

/** Around a function that calls back. */
function aroundCallback(name: string, kind: Kind, call: Call): Call {
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const met = meets(name, kind, args[0]);
    const back = args.at(-1) as Call;
    if (met === 'fail') return process.nextTick(back, failure(name, args[0]));
    if (met === 'kill' && fault?.how === 'kill-before') die();
    if (met === 'kill') args.splice(-1, 1, () => die());
    return call.apply(this, args);
  };
  return Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(call)) as Call;
}

const first = (_: unknown, args: unknown[]) => args[0];
const second = (_: unknown, args: unknown[]) => args[1];

/** Opening counts as writing when it makes the file. */
function kindOfOpen(flags: unknown): Kind {
  const makes =
    typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : /[wax]/.test(String(flags));
  return makes ? 'write' : 'read';
}

function install(): void {
  const [sync, promises] = [fs as unknown as Functions, fs.promises as unknown as Functions];
  const names: readonly (readonly [string, Kind, typeof first])[] = [
    ['rename', 'write', second],
    ['link', 'write', second],
    ['symlink', 'write', second],
    ['mkdir', 'write', first],
    ['chmod', 'write', first],
    ['writeFile', 'write', first],
    ['copyFile', 'write', second],
    ['unlink', 'delete', first],
    ['rmdir', 'delete', first],
    ['rm', 'delete', first],
    ['readdir', 'read', first],
    ['stat', 'read', first],
    ['readFile', 'read', first],
  ];
  for (const [name, kind, where] of names) {
    promises[name] = aroundAsync(name, kind, where, promises[name] as Call);
    sync[`${name}Sync`] = around(name, kind, where, sync[`${name}Sync`] as Call);
  }
  const descriptors = ['write', 'fsync', 'fdatasync', 'fchmod', 'fchown', 'futimes', 'ftruncate'];
  for (const name of descriptors)
    sync[`${name}Sync`] = around(name, 'write', first, sync[`${name}Sync`] as Call);
  sync['readSync'] = around('read', 'read', first, sync['readSync'] as Call);
  sync['write'] = aroundCallback('write', 'write', sync['write'] as Call);
  sync['read'] = aroundCallback('read', 'read', sync['read'] as Call);
  const openSync = sync['openSync'] as Call;
  sync['openSync'] = function (this: unknown, ...args: unknown[]) {
    return around('open', kindOfOpen(args[1]), first, openSync).apply(this, args);
  };
  const open = promises['open'] as Call;
  promises['open'] = async function (this: unknown, ...args: unknown[]) {
    return aroundAsync('open', kindOfOpen(args[1]), first, open).apply(this, args);
  };
}

async function installHandles(): Promise<void> {
  const handle = await fs.promises.open('/dev/null', 'r');
  const handles = Object.getPrototypeOf(handle) as Functions;
  await handle.close();
  const descriptor = (self: unknown) => (self as { readonly fd: number }).fd;
  const kinds = {
    sync: 'write',
    datasync: 'write',
    chmod: 'write',
    writeFile: 'write',
    write: 'write',
  } as const;
  for (const [name, kind] of [...Object.entries(kinds), ['read', 'read'] as const])
    handles[name] = aroundAsync(name, kind, descriptor, handles[name] as Call);
}

if (fault && isMainThread) {
  await installHandles();
  install();
  syncBuiltinESMExports();
}
