import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  constants,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import fc from 'fast-check';
import { walkTree } from '../../src/platform/walk-tree.ts';
import type { CaptureEntry } from '../../src/stack/source.ts';

/** Trees with everything that a file system can hold, for tests that give them back. No vitest in here: programs use it. */

export type TreeNode = {
  readonly name: Buffer;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly owner: { readonly uid: number; readonly gid: number };
} & (
  | { readonly type: 'file'; readonly mode: number; readonly content: Content }
  | { readonly type: 'directory'; readonly mode: number; readonly children: readonly TreeNode[] }
  | { readonly type: 'symlink'; readonly target: Buffer }
  /** Of a file that is made before; of none when there is none. */
  | { readonly type: 'hardlink'; readonly to: number }
);

type Content =
  | { readonly bytes: Buffer }
  | { readonly zeros: number }
  | { readonly size: number; readonly islands: readonly number[] };

const NAMES = [
  'a',
  'A',
  'blocks',
  'mit Leerzeichen',
  'é',
  'e\u0301',
  '-rf',
  '*',
  'new\nline',
  '␛E9',
  '␛',
  '...',
  '日'.repeat(85),
  'x'.repeat(255),
].map((name) => Buffer.from(name));
const RAW_NAMES = ['e9', '636166e9', 'ff80fe', 'c3a9c3', 'f09f98'].map((hex) => Buffer.from(hex, 'hex'));

const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 2, arbitrary: fc.constantFrom(...RAW_NAMES) },
  fc
    .uint8Array({ minLength: 1, maxLength: 9 })
    .map((bytes) => Buffer.from(bytes))
    .filter(
      (bytes) =>
        !bytes.includes(0) && !bytes.includes(0x2f) && !['.', '..'].includes(bytes.toString('latin1')),
    ),
);
const common = {
  name,
  mtime: fc.oneof(
    fc.double({ min: 1.6e9, max: 1.9e9, noNaN: true }),
    fc.integer({ min: 1_600_000_000, max: 1_900_000_000 }),
    fc.constantFrom(0, 1, 0.25),
  ),
  owner: fc.constantFrom({ uid: 0, gid: 0 }, { uid: 4711, gid: 4712 }, { uid: 65534, gid: 0 }),
};
const MIB = 1024 * 1024;
const content: fc.Arbitrary<Content> = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ bytes: Buffer.from(bytes) })) },
  { weight: 1, arbitrary: fc.constant({ zeros: 20_000 }) },
  {
    weight: 2,
    arbitrary: fc.record({
      size: fc.oneof(fc.constantFrom(4096, 4 * MIB, 8 * MIB), fc.integer({ min: 1, max: 20 * MIB })),
      islands: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    }),
  },
);
const leaf: fc.Arbitrary<TreeNode> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ...common,
      type: fc.constant('file' as const),
      mode: fc.constantFrom(0o600, 0o644, 0o444, 0o4755, 0o2750, 0o1644),
      content,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...common,
      type: fc.constant('symlink' as const),
      target: fc.constantFrom(
        ...['/etc', '/', '..', '../../../..', 'a', './blocks/a', 'loop', '␛E9', 't'.repeat(4000)].map((to) =>
          Buffer.from(to),
        ),
        Buffer.from([0x61, 0xe9]),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ...common, type: fc.constant('hardlink' as const), to: fc.nat({ max: 20 }) }),
  },
);

export const tree: fc.Arbitrary<readonly TreeNode[]> = fc.letrec<{ nodes: readonly TreeNode[] }>((tie) => ({
  nodes: fc.array(
    fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 3, arbitrary: leaf },
      {
        weight: 2,
        arbitrary: fc.record({
          ...common,
          type: fc.constant('directory' as const),
          mode: fc.constantFrom(0o755, 0o700, 0o555, 0o2775, 0o1777, 0o3711),
          children: tie('nodes'),
        }),
      },
    ),
    { maxLength: 5 },
  ),
})).nodes;

const isRoot = process.getuid?.() === 0;
const below = (directory: Buffer, child: Buffer) => Buffer.concat([directory, Buffer.from('/'), child]);

/** Makes it below a new directory. Of two nodes with one name the first counts. */
export function plant(root: string, nodes: readonly TreeNode[]): void {
  mkdirSync(root);
  plantAll(Buffer.from(root), nodes, []);
}

function plantAll(directory: Buffer, nodes: readonly TreeNode[], files: Buffer[]): void {
  const made = new Set<string>();
  for (const node of nodes) {
    if (made.has(node.name.toString('hex'))) continue;
    made.add(node.name.toString('hex'));
    plantOne(below(directory, node.name), node, files);
  }
}

function plantOne(path: Buffer, node: TreeNode, files: Buffer[]): void {
  if (node.type === 'hardlink') {
    const to = files[node.to % Math.max(1, files.length)];
    if (to) linkSync(to, path);
    return;
  }
  if (node.type === 'directory') {
    mkdirSync(path);
    plantAll(path, node.children, files);
  }
  if (node.type === 'symlink') symlinkSync(node.target, path);
  if (node.type === 'file') {
    write(path, node.content);
    files.push(path);
  }
  if (isRoot) lchownSync(path, node.owner.uid, node.owner.gid);
  if (node.type !== 'symlink') chmodSync(path, node.mode);
  lutimesSync(path, node.mtime, node.mtime);
}

function write(path: Buffer, content: Content): void {
  if ('bytes' in content) {
    writeFileSync(path, content.bytes);
    return;
  }
  if ('zeros' in content) {
    writeFileSync(path, Buffer.alloc(content.zeros));
    return;
  }
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, content.size);
  for (const at of content.islands)
    writeSync(descriptor, 'island', Math.floor(at * Math.max(0, content.size - 6)));
  closeSync(descriptor);
}

/** What is seen of a tree, by an own way of looking: path in hex → all that counts. */
export interface Seen {
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: bigint;
  /** SHA-256 of the content, or the target. */
  readonly what: string;
  /** The first of the names of the same file. */
  readonly sameAs: string;
  readonly size: number;
  /** Bytes on the disk. */
  readonly room: number;
}

export function observe(root: string): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  const firsts = new Map<string, string>();
  const look = (directory: Buffer, prefix: string) => {
    for (const child of readdirSync(directory, { encoding: 'buffer' }).sort(Buffer.compare)) {
      const path = below(directory, child);
      const shown = `${prefix}/${child.toString('hex')}`;
      const stat = lstatSync(path, { bigint: true });
      const inode = String(stat.ino);
      if (!firsts.has(inode)) firsts.set(inode, shown);
      seen.set(shown, {
        type: stat.isFile()
          ? 'file'
          : stat.isDirectory()
            ? 'directory'
            : stat.isSymbolicLink()
              ? 'symlink'
              : 'special',
        mode: Number(stat.mode) & 0o7777,
        uid: Number(stat.uid),
        gid: Number(stat.gid),
        mtime: stat.mtimeNs,
        what: stat.isFile()
          ? createHash('sha256').update(readFileSync(path)).digest('hex')
          : stat.isSymbolicLink()
            ? readlinkSync(path, { encoding: 'buffer' }).toString('hex')
            : '',
        sameAs: firsts.get(inode) ?? '',
        size: stat.isFile() ? Number(stat.size) : 0,
        room: stat.isFile() ? Number(stat.blocks) * 512 : 0,
      });
      if (stat.isDirectory()) look(path, shown);
    }
  };
  look(Buffer.from(root), '');
  return seen;
}

/** Whatever the directories' modes are; also when it is gone already. */
export function removeTree(root: string | Buffer): void {
  const open = (directory: Buffer) => {
    chmodSync(directory, 0o700);
    for (const child of readdirSync(directory, { encoding: 'buffer', withFileTypes: true }))
      if (child.isDirectory()) open(below(directory, child.name));
  };
  if (existsSync(root)) open(Buffer.from(root));
  rmSync(root, { recursive: true, force: true });
}

const KEPT_BITS: Readonly<Record<string, number>> = { file: 0o777, directory: 0o3777, symlink: 0 };
/** A double of the seconds of our time. */
const TIME_STEP_NS = 239n;

/** In words, how a restored tree is not the source. */
export function differences(
  source: ReadonlyMap<string, Seen>,
  restored: ReadonlyMap<string, Seen>,
): string[] {
  const found: string[] = [];
  for (const path of restored.keys()) if (!source.has(path)) found.push(`${path} is not of the source`);
  for (const [path, from] of source) {
    const to = restored.get(path);
    if (from.type === 'special') {
      if (to) found.push(`${path} is special and was restored`);
      continue;
    }
    if (!to) {
      found.push(`${path} is missing`);
      continue;
    }
    const bits = KEPT_BITS[from.type] ?? 0;
    const compare = (member: string, a: unknown, b: unknown) => {
      if (a !== b) found.push(`${path} has ${member} ${String(b)}, not ${String(a)}`);
    };
    compare('type', from.type, to.type);
    compare('content', from.what, to.what);
    compare('links', from.sameAs, to.sameAs);
    compare('mode', (from.mode & bits).toString(8), (to.mode & bits).toString(8));
    if (from.type === 'file') compare('set-user-ID bits', 0, to.mode & 0o7000);
    if (isRoot) compare('owner', `${from.uid}:${from.gid}`, `${to.uid}:${to.gid}`);
    const late = to.mtime - from.mtime;
    if (late < 0n || late > TIME_STEP_NS) found.push(`${path} is ${late} ns late`);
    // A hole of less than a block is none; the file system may give a few blocks more.
    if (from.room < from.size) compare('holes', true, to.room <= from.room + 64 * 1024);
  }
  return found;
}

export function captureTree(
  root: string,
  onSpecial: (path: string) => void = () => undefined,
): CaptureEntry[] {
  const walk = walkTree(root, { onSpecial: ({ path, kind }) => onSpecial(`${kind} ${path}`) });
  return [...walk].map((entry) => ({ ...entry, class: 'mutable' as const }));
}

export function makeFifo(path: string): void {
  const { status, stderr } = spawnSync('mkfifo', [path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mkfifo: ${stderr}`);
}

/** Directories in each other, and at the bottom a file `f`: deeper than a path may be long. */
export function digDeep(
  root: string,
  { depth, name, content: text }: { readonly depth: number; readonly name: string; readonly content: string },
): void {
  mkdirSync(root, { recursive: true });
  let at = openSync(root, constants.O_DIRECTORY);
  for (let level = 0; level < depth; level++) {
    mkdirSync(`/proc/self/fd/${at}/${name}`);
    const next = openSync(`/proc/self/fd/${at}/${name}`, constants.O_DIRECTORY);
    closeSync(at);
    at = next;
  }
  writeFileSync(`/proc/self/fd/${at}/f`, text);
  closeSync(at);
}
