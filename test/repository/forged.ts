import { hash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { canonicalJson, type Json } from '../../src/platform/canonical-json.ts';
import type { SnapshotRecord } from '../../src/repository/records.ts';
import { encodeRecord, signRecord } from '../../src/repository/signed-record.ts';
import type { Fixture } from './fixture.ts';

/** A list entry as somebody may write it. */
export type ForgedEntry = Readonly<Record<string, unknown>>;

const EMPTY_SHA256 = hash('sha256', '', 'hex');
const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mtime: '0' };

export const forgedFile = (path: string, change: ForgedEntry = {}): ForgedEntry => ({
  ...own,
  path,
  type: 'file',
  mode: 0o644,
  size: 0,
  sha256: EMPTY_SHA256,
  pieces: [],
  ...change,
});
export const forgedDirectory = (path: string, change: ForgedEntry = {}): ForgedEntry => ({
  ...own,
  path,
  type: 'directory',
  mode: 0o755,
  ...change,
});
export const forgedLink = (path: string, target: string, change: ForgedEntry = {}): ForgedEntry => ({
  ...own,
  path,
  type: 'symlink',
  mode: 0o777,
  target,
  ...change,
});

/** Puts the entries into a list, and makes the snapshot one of that list alone, properly signed. */
export async function forge(
  { store, key }: Pick<Fixture, 'store' | 'key'>,
  record: SnapshotRecord,
  entries: readonly ForgedEntry[],
): Promise<void> {
  const text = entries.map((entry) => `${canonicalJson(entry as Json)}\n`).join('');
  const stored = zstdCompressSync(Buffer.from(text));
  const sha256 = hash('sha256', stored, 'hex');
  await store.put(`lists/${sha256}.jsonl.zst`, stored);
  const bytes = entries.reduce((sum, { size }) => sum + Number(size ?? 0), 0);
  const { signature: _, ...body } = record;
  const lists = [{ day: '2026-08-01', sha256, size: stored.length, files: entries.length, bytes }];
  const forged = signRecord({ ...body, lists, totals: { files: entries.length, bytes } }, key);
  await store.put(`snapshots/${record.id}.json`, encodeRecord(forged));
}
