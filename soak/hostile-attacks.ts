import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdir, open, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { footerOf } from '../test/repository/footer.ts';
import { encodeRecord, signRecord } from '../src/repository/signed-record.ts';
import { loadOrCreateSigningKey } from '../src/repository/keys.ts';
import type { Json } from '../src/platform/canonical-json.ts';
import type { Die } from './die.ts';
import type { Place } from './repository-world.ts';

/** What somebody does who can write to the place of the repository, with our signing key or without it. */
export interface Attack {
  readonly name: string;
  act(place: Place, die: Die): Promise<void>;
}

const GIB = 1024 ** 3;
export const RECORDS = ['lsb1.json', 'snapshots/', 'backups/', 'gc/', 'verify/'] as const;
const KINDS = [...RECORDS, 'lists/', 'packs/'] as const;

export async function objectsOf(place: Place, kind: string): Promise<string[]> {
  const root = join(place.repository, kind);
  if (!kind.endsWith('/')) return [root];
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

async function one(place: Place, kind: string, die: Die): Promise<string> {
  return die.of(await objectsOf(place, kind));
}

async function deepRecord(place: Place, depth: number): Promise<Buffer> {
  const marker = await readFile(join(place.repository, 'lsb1.json'), 'utf8');
  const { signature } = JSON.parse(marker) as { readonly signature: { readonly keyId: string } };
  return deepJson(depth, signature.keyId);
}

function deepJson(depth: number, keyId = ''): Buffer {
  const member = '{"a":'.repeat(depth / 2) + '['.repeat(depth / 2);
  const close = ']'.repeat(depth / 2) + '}'.repeat(depth / 2);
  return Buffer.from(`{"body":${member}1${close},"signature":{"keyId":"${keyId}","value":""}}\n`);
}

/** The same record with other members, and a signature that holds. */
async function forge(
  place: Place,
  file: string,
  change: (record: Record<string, Json>) => object,
): Promise<void> {
  const { signature: _, ...body } = JSON.parse(await readFile(file, 'utf8')) as Record<string, Json>;
  const key = await loadOrCreateSigningKey(place.keys);
  await writeFile(file, encodeRecord(signRecord({ ...body, ...change(body) }, key)));
}

async function putList(place: Place, stored: Buffer): Promise<{ sha256: string; size: number }> {
  const sha256 = createHash('sha256').update(stored).digest('hex');
  await writeFile(join(place.repository, 'lists', `${sha256}.jsonl.zst`), stored);
  return { sha256, size: stored.length };
}

async function putPack(place: Place, bytes: Buffer): Promise<void> {
  const id = createHash('sha256').update(bytes).digest('hex');
  const file = join(place.repository, 'packs', 'prometheus', id.slice(0, 2), id);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}

/** Zeros: gigabytes in a few kilobytes. */
function bomb(bytes: number): Buffer {
  const block = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024), {
    params: { [constants.ZSTD_c_compressionLevel]: 19 },
  });
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / (64 * 1024 * 1024)) }, () => block));
}

async function replace(file: string, by: (file: string) => Promise<unknown>): Promise<void> {
  await rm(file, { recursive: true });
  await by(file);
}

const withoutKey: readonly Attack[] = [
  ...RECORDS.map((kind) => ({
    name: `deep JSON in ${kind}`,
    act: async (place: Place, die: Die) =>
      writeFile(await one(place, kind, die), await deepRecord(place, 200_000)),
  })),
  ...KINDS.map((kind) => ({
    name: `a huge object in ${kind}`,
    act: async (place: Place, die: Die) => truncate(await one(place, kind, die), 20 * GIB),
  })),
  ...KINDS.map((kind) => ({
    name: `a pipe in ${kind}`,
    act: async (place: Place, die: Die) =>
      replace(await one(place, kind, die), async (file) => execFileSync('mkfifo', [file])),
  })),
  ...KINDS.map((kind) => ({
    name: `a link to a file outside in ${kind}`,
    act: async (place: Place, die: Die) =>
      replace(await one(place, kind, die), (file) =>
        symlink(join(place.directory, 'outside', 'precious'), file),
      ),
  })),
  ...KINDS.map((kind) => ({
    name: `a link to an endless file in ${kind}`,
    act: async (place: Place, die: Die) =>
      replace(await one(place, kind, die), (file) => symlink('/dev/zero', file)),
  })),
  ...['lists', 'packs', 'packs/prometheus', 'snapshots', 'backups', 'gc', 'verify'].map((name) => ({
    name: `${name} a link to a directory outside`,
    act: async (place: Place) =>
      replace(join(place.repository, name), (file) => symlink(join(place.directory, 'outside'), file)),
  })),
  ...['lists', 'packs/prometheus', 'snapshots'].map((name) => ({
    name: `${name} moved away and linked to`,
    act: async (place: Place) => {
      const file = join(place.repository, name);
      await rename(file, join(place.directory, 'outside', 'moved'));
      await symlink(join(place.directory, 'outside', 'moved'), file);
    },
  })),
  {
    name: 'packs in which a link waits for each new one',
    act: async (place) => {
      for (let i = 0; i < 256; i++) {
        const directory = join(place.repository, 'packs', 'prometheus', i.toString(16).padStart(2, '0'));
        await symlink(join(place.directory, 'outside'), directory).catch(() => undefined);
      }
    },
  },
  {
    name: 'a pack of nobody with a footer that is said to be huge',
    act: async (place) => {
      const bytes = Buffer.concat([
        Buffer.alloc(100),
        Buffer.from([0xff, 0xff, 0xff, 0x7f]),
        Buffer.from('lsb1'),
      ]);
      await putPack(place, bytes);
      const file = join(place.repository, 'packs', 'prometheus', '00', '0'.repeat(64));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, '');
      await truncate(file, 3 * GIB);
      const handle = await open(file, 'r+');
      await handle.write(bytes.subarray(-8), 0, 8, 3 * GIB - 8);
      await handle.close();
    },
  },
  {
    name: 'a pack of nobody whose footer is a bomb',
    act: async (place) => {
      const json = bomb(2 * GIB);
      const trailer = Buffer.alloc(8);
      trailer.writeUInt32LE(json.length, 0);
      trailer.write('lsb1', 4, 'latin1');
      await putPack(place, Buffer.concat([json, trailer]));
    },
  },
  {
    name: 'a pack of nobody whose footer is deep',
    act: async (place) => {
      const json = zstdCompressSync(deepJson(10_000_000));
      const trailer = Buffer.alloc(8);
      trailer.writeUInt32LE(json.length, 0);
      trailer.write('lsb1', 4, 'latin1');
      await putPack(place, Buffer.concat([json, trailer]));
    },
  },
  {
    name: 'a pack of nobody with wild places in its footer',
    act: async (place, die) => {
      const number = () => die.of([0, 1, 26, 4_194_304, 2 ** 31, 2 ** 40, 2 ** 53 - 1]);
      const pieces = Array.from({ length: 200 }, () => [
        number(),
        number(),
        number(),
        number(),
        die.of(['0'.repeat(64), 'x', '']),
        die.of(['../a', '/etc/passwd', 'a\0']),
        number(),
      ]);
      await putPack(place, footerOf('prometheus', pieces.map((piece) => JSON.stringify(piece)).join()));
    },
  },
  {
    name: 'names that nobody gave',
    act: async ({ repository }) => {
      const names = [
        ' ',
        '~',
        '-rf',
        'a\nb',
        'ü\u0301',
        '\\',
        '%00',
        'x'.repeat(250),
        '.hidden',
        'lsb1.json ',
      ];
      for (const directory of [
        'snapshots',
        'backups',
        'gc',
        'verify',
        'lists',
        'packs',
        'packs/prometheus',
        '.',
      ])
        for (const name of names) await writeFile(join(repository, directory, name), 'x');
      for (const directory of ['snapshots', 'packs', 'lists'])
        await writeFile(
          Buffer.concat([Buffer.from(`${repository}/${directory}/`), Buffer.from([0xff, 0xfe])]),
          'x',
        );
    },
  },
  {
    name: 'a directory where an object was',
    act: async (place, die) => replace(await one(place, die.of(KINDS), die), (file) => mkdir(file)),
  },
  {
    name: 'a directory in place of each record',
    act: async (place) => {
      for (const kind of ['snapshots/', 'backups/', 'gc/', 'verify/'])
        for (const file of await objectsOf(place, kind))
          await replace(file, (path) => mkdir(join(path, 'x'), { recursive: true }));
    },
  },
  {
    name: 'members twice in a record',
    act: async (place, die) => {
      const file = await one(place, die.of(RECORDS), die);
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace('{', '{"format":"lsb0",'));
    },
  },
  {
    name: 'bytes that are no text in a record',
    act: async (place, die) => writeFile(await one(place, die.of(RECORDS), die), die.bytes(5_000)),
  },
  {
    name: 'objects that changed places',
    act: async (place, die) => {
      const kind = die.of(KINDS);
      const [a, b] = [await one(place, kind, die), await one(place, die.of(KINDS), die)];
      await writeFile(a, await readFile(b));
    },
  },
  {
    name: 'changed bytes anywhere',
    act: async (place, die) => {
      for (let i = 0; i < 1 + die.below(4); i++) {
        const file = await one(place, die.of(KINDS), die);
        const bytes = await readFile(file);
        for (let k = 0; k < 1 + die.below(8) && bytes.length > 0; k++)
          bytes.writeUInt8(die.below(256), die.below(bytes.length));
        await writeFile(file, die.below(4) === 0 ? bytes.subarray(0, die.below(bytes.length + 1)) : bytes);
      }
    },
  },
  {
    name: 'objects that are gone',
    act: async (place, die) => {
      for (let i = 0; i < 1 + die.below(4); i++) {
        const files = await objectsOf(place, die.of(KINDS));
        // The same may be drawn twice.
        if (files.length > 0) await rm(die.of(files), { force: true });
      }
    },
  },
];

/** Of the only snapshot. */
async function forgeLists(place: Place, stored: Buffer, files = 1): Promise<void> {
  const list = await putList(place, stored);
  const [file = ''] = await objectsOf(place, 'snapshots/');
  await forge(place, file, () => ({
    lists: [{ day: '2026-08-01', files, bytes: 0, ...list }],
    totals: { files, bytes: 0 },
  }));
}

const withKey: readonly Attack[] = [
  { name: 'a signed list that is a bomb', act: (place) => forgeLists(place, bomb(GIB)) },
  {
    name: 'a signed list that is one endless line',
    act: (place) => forgeLists(place, zstdCompressSync(Buffer.alloc(600 * 1024 * 1024, 'x'))),
  },
  {
    name: 'a signed list of deep JSON',
    act: (place) =>
      forgeLists(place, zstdCompressSync(Buffer.concat([deepJson(4_000_000), Buffer.from('\n')]))),
  },
  {
    name: 'a signed list that is no text',
    act: (place, die) => forgeLists(place, zstdCompressSync(die.bytes(100_000))),
  },
  {
    name: 'a signed frame that is a bomb',
    act: async (place) => {
      const bytes = bomb(2 * GIB);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await putPack(place, bytes);
      const entry = {
        path: 'bomb',
        type: 'file',
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: '0',
        size: 4_194_304,
        sha256: '0'.repeat(64),
        pieces: [[sha256, 0, Math.min(bytes.length, 4_194_304), 0, 4_194_304]],
      };
      await forgeLists(place, zstdCompressSync(Buffer.from(`${JSON.stringify(entry)}\n`)));
      const [file = ''] = await objectsOf(place, 'snapshots/');
      await forge(place, file, () => ({ packs: [{ id: sha256, size: bytes.length }] }));
    },
  },
  {
    name: 'a signed record of deep JSON',
    act: async (place) => {
      const [file = ''] = await objectsOf(place, 'snapshots/');
      let value: Json = 1;
      for (let i = 0; i < 3_000; i++) value = [value];
      await forge(place, file, () => ({ expectations: [{ kind: 'x', subject: 'x', value }] }));
    },
  },
  {
    name: 'signed records with sizes beyond everything',
    act: async (place, die) => {
      const [file = ''] = await objectsOf(place, 'snapshots/');
      const size = () => die.of([0, 2 ** 31, 2 ** 40, 2 ** 53 - 1]);
      await forge(place, file, (record) => ({
        packs: (record['packs'] as object[]).map((pack) => ({ ...pack, size: size() })),
        lists: (record['lists'] as object[]).map((list) => ({
          ...list,
          files: size(),
          bytes: size(),
          size: size(),
        })),
        totals: { files: size(), bytes: size() },
      }));
    },
  },
  {
    name: 'a signed condemnation of what is outside',
    act: async (place) => {
      const [file = ''] = await objectsOf(place, 'gc/');
      const objects = ['../outside/precious', '/etc/passwd', 'lsb1.json', 'a\0b', ''];
      await forge(place, file, () => ({
        objects,
        snapshots: objects,
        createdAt: '2020-01-01T00:00:00.000Z',
      }));
    },
  },
  {
    name: 'a signed verification of what is outside',
    act: async (place) => {
      const [file = ''] = await objectsOf(place, 'verify/');
      await forge(place, file, () => ({
        replaces: ['../../outside/precious', '', 'x'],
        read: [{ at: '2999-01-01T00:00:00.000Z', objects: ['../outside/precious'] }],
        damaged: [
          {
            object: '../x',
            problem: 'x'.repeat(1000),
            at: '2999-01-01T00:00:00.000Z',
            since: '0001-01-01T00:00:00.000Z',
          },
        ],
      }));
    },
  },
  {
    name: 'a signed backup of what is outside',
    act: async (place) => {
      const [file = ''] = await objectsOf(place, 'backups/');
      await forge(place, file, () => ({
        snapshots: ['../outside/precious', '', '__proto__', 'x'.repeat(10_000)],
      }));
    },
  },
  ...Array.from({ length: 4 }, (_, i) => ({
    name: `signed entries without sense ${i}`,
    act: async (place: Place, die: Die) => {
      const [file = ''] = await objectsOf(place, 'snapshots/');
      const { packs } = JSON.parse(await readFile(file, 'utf8')) as { packs: { id: string }[] };
      const lines = Array.from({ length: 1 + die.below(6) }, () => JSON.stringify(wildEntry(die, packs)));
      await forgeLists(
        place,
        zstdCompressSync(Buffer.from(lines.map((line) => `${line}\n`).join(''))),
        lines.length,
      );
    },
  })),
];

const PATHS = [
  'a',
  'a/b',
  'a/b/c',
  '../x',
  '../../outside/precious',
  '/etc/x',
  'a/../../x',
  'a\0',
  '',
  '.',
  '..',
  'a/',
  '/',
  '//',
  'x'.repeat(300),
  `${'d/'.repeat(3000)}x`,
  'target.restoring',
  '-',
  '\u202e',
  '\ud800',
  'a\nb',
  'constructor',
  '__proto__',
];
const NUMBERS = [0, 1, 9, 26, 31, 200, 65_536, 4_194_304, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1];
const TIMES = [
  '0',
  '-1',
  '1',
  '-99999999999999999999',
  '9'.repeat(30),
  '9'.repeat(400),
  `-${'9'.repeat(19)}`,
  '00',
  '-0',
];

function wildEntry(die: Die, packs: readonly { readonly id: string }[]): object {
  const pieces = Array.from({ length: die.below(4) }, () => [
    die.below(3) > 0 ? die.of(packs).id : '0'.repeat(64),
    die.of(NUMBERS),
    die.of(NUMBERS),
    die.of(NUMBERS),
    die.of(NUMBERS),
    '0'.repeat(64),
  ]);
  const isEmpty = pieces.length === 0;
  return {
    path: die.of(PATHS),
    type: die.below(10) > 0 ? 'file' : die.of(['directory', 'symlink', 'hardlink', 'device', 'x']),
    target: die.of(PATHS),
    mode: die.of([0, 0o644, 0o7777, 0o4755]),
    uid: die.of(NUMBERS),
    gid: die.of(NUMBERS),
    mtime: die.of(TIMES),
    size: pieces.reduce((sum, piece) => sum + Number(piece[4]), 0),
    sha256: isEmpty ? createHash('sha256').digest('hex') : '0'.repeat(64),
    pieces,
  };
}

export const ATTACKS: readonly Attack[] = [...withoutKey, ...withKey];
