import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { byWay } from '../../src/platform/long-paths.ts';
import { fileWay, type TreeEntry, walkTree } from '../../src/platform/walk-tree.ts';
import { digDeep, makeFifo } from '../repository/trees.ts';

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'leitstand-walk-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function walked(root: string): TreeEntry[] {
  const specials: string[] = [];
  const entries = [...walkTree(root, { onSpecial: ({ kind, path }) => specials.push(`${kind} ${path}`) })];
  expect(specials).toEqual([]);
  return entries;
}

describe('a walk through a tree', () => {
  it('finds everything in the order of the bytes, directories before what is in them', () => {
    const root = scratch();
    mkdirSync(join(root, 'b', 'empty'), { recursive: true });
    for (const name of ['b/z', 'b/é', 'a', 'b.x', 'Z']) writeFileSync(join(root, name), name);
    const found = walked(root);
    expect(found.map(({ path }) => path)).toEqual(['Z', 'a', 'b', 'b/empty', 'b/z', 'b/é', 'b.x']);
    expect(found.map(({ kind }) => kind)).toEqual([
      undefined,
      undefined,
      'directory',
      'directory',
      undefined,
      undefined,
      undefined,
    ]);
    for (const { kind, path, file } of found) if (!kind) expect(readFileSync(file, 'utf8')).toBe(path);
  });

  it('keeps to that order, and to the names as they are, where text has another order or none of them', () => {
    const root = scratch();
    const rare = ['\ue000', '\u{1f600}', '\ufffd', '\u241bE9', 'é'];
    for (const name of rare) writeFileSync(join(root, name), name);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x78, 0xe9])]), 'no text');
    mkdirSync(join(root, '\u{1f600}.d', 'plain'), { recursive: true });
    writeFileSync(join(root, '\u{1f600}.d', 'plain', 'inner'), 'inner');
    const found = walked(root);
    expect(found.map(({ path }) => path)).toEqual([
      'x\u241bE9',
      'é',
      '\u241bE2\u241b90\u241b9BE9',
      '\ue000',
      '\ufffd',
      '\u{1f600}',
      '\u{1f600}.d',
      '\u{1f600}.d/plain',
      '\u{1f600}.d/plain/inner',
    ]);
    expect(found.filter(({ escaped }) => escaped).map(({ path }) => path)).toEqual([
      'x\u241bE9',
      '\u241bE2\u241b90\u241b9BE9',
    ]);
    const read = found.filter(({ kind }) => !kind).map((one) => readFileSync(fileWay(one), 'utf8'));
    expect(read).toEqual(['no text', 'é', '\u241bE9', '\ue000', '\ufffd', '\u{1f600}', 'inner']);
  });

  it('never follows a link, wherever it points to', () => {
    const root = scratch();
    mkdirSync(join(root, 'd'));
    for (const [name, target] of Object.entries({
      up: '..',
      self: '.',
      etc: '/etc',
      none: '/no/such',
      'd/loop': '../d',
    }))
      symlinkSync(target, join(root, name));
    expect(walked(root).map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'directory d',
      'symlink d/loop',
      'symlink etc',
      'symlink none',
      'symlink self',
      'symlink up',
    ]);
  });

  it('names FIFOs, sockets and devices, and opens none', async () => {
    const root = scratch();
    makeFifo(join(root, 'fifo'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    onTestFinished(() => void server.close());
    writeFileSync(join(root, 'plain'), '');
    const specials: string[] = [];
    const entries = [...walkTree(root, { onSpecial: ({ kind, path }) => specials.push(`${kind} ${path}`) })];
    expect(specials).toEqual(['FIFO fifo', 'socket socket']);
    expect(entries.map(({ path }) => path)).toEqual(['plain']);
    const devices: string[] = [];
    for (const { path } of walkTree('/dev', {
      onSpecial: (one) => devices.push(`${one.kind} ${one.path}`),
    })) {
      expect(path).not.toBe('null');
      if (devices.includes('device null')) break;
    }
    expect(devices).toContain('device null');
  });

  it('says of regular files that their other names may be there as well', () => {
    const root = scratch();
    writeFileSync(join(root, 'a'), '');
    mkdirSync(join(root, 'b'));
    symlinkSync('a', join(root, 'c'));
    expect(walked(root).map((entry) => [entry.path, 'mayBeLinked' in entry])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ]);
  });

  it('passes over directories that vanish or become links while it walks', () => {
    const root = scratch();
    for (const name of ['a', 'b', 'c', 'd']) {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, 'x'), '');
    }
    writeFileSync(join(root, 'e'), '');
    const seen: string[] = [];
    for (const { path } of walkTree(root, { onSpecial: () => undefined })) {
      seen.push(path);
      if (path === 'a') rmSync(join(root, 'a'), { recursive: true });
      if (path === 'b') {
        rmSync(join(root, 'b'), { recursive: true });
        symlinkSync('/etc', join(root, 'b'));
      }
      if (path === 'c') rmSync(join(root, 'e'));
    }
    // Of the file only its reader can say that it is gone.
    expect(seen).toEqual(['a', 'b', 'c', 'c/x', 'd', 'd/x', 'e']);
    expect(() => walked(join(root, 'gone'))).toThrow(/ENOENT/);
  });

  it('goes deeper than a path may be long, and what it finds there can be read', () => {
    const root = scratch();
    digDeep(root, { depth: 40, name: 'd'.repeat(250), content: 'treasure' });
    const found = walked(root);
    expect(found).toHaveLength(41);
    const deepest = found.at(-1);
    expect(deepest?.path.length).toBeGreaterThan(10_000);
    if (deepest) expect(byWay(fileWay(deepest), (way) => readFileSync(way, 'utf8'))).toBe('treasure');
    // Not held as descriptors: there may be more levels than a process may open.
    digDeep(join(root, 'narrow'), { depth: 1_200, name: 'n', content: 'x' });
    expect(walked(join(root, 'narrow'))).toHaveLength(1_201);
  });
});
