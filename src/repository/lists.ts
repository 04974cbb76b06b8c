import { hash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import type { Store } from '../stack/store.ts';
import type { Condemned } from './condemned.ts';
import { repositoryErrors } from './errors.ts';
import { decodeEntries, encodeEntries, type FileEntry } from './file-entry.ts';
import { compress } from './frames.ts';
import { listName } from './names.ts';
import type { ListReference } from './records.ts';

const LEVEL = 3;

/** Puts a list unless it is there already; the same entries make the same list, unless that one is condemned. */
export async function writeList(
  store: Store,
  day: string,
  { entries, condemned }: { readonly entries: readonly FileEntry[]; readonly condemned: Condemned },
): Promise<{ readonly reference: ListReference; readonly storedBytes: number }> {
  const plain = compress(encodeEntries(entries), LEVEL);
  const stored = condemned.has(listName(hash('sha256', plain, 'hex')))
    ? Buffer.concat([plain, saltFrame(condemned.salt())])
    : plain;
  const sha256 = hash('sha256', stored, 'hex');
  const name = listName(sha256);
  const isPresent = (await store.head(name))?.size === stored.length;
  if (!isPresent) await store.put(name, stored);
  const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
  return {
    reference: { day, sha256, size: stored.length, files: entries.length, bytes },
    storedBytes: isPresent ? 0 : stored.length,
  };
}

/** A skippable frame (RFC 8878, 3.1.2), which every zstd passes over. */
function saltFrame(salt: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a5b, 0);
  header.writeUInt32LE(salt.length, 4);
  return Buffer.concat([header, Buffer.from(salt, 'latin1')]);
}

/** Throws LS-REPO-004 unless the list is exactly the one that was written. */
export async function readList(store: Store, reference: ListReference): Promise<FileEntry[]> {
  const name = listName(reference.sha256);
  const stored = await store.get(name);
  if (stored === undefined) throw damagedList(name, 'is missing');
  if (stored.length !== reference.size)
    throw damagedList(name, `has ${stored.length} bytes instead of ${reference.size}`);
  if (hash('sha256', stored, 'hex') !== reference.sha256) throw damagedList(name, 'was altered');
  try {
    return decodeEntries(zstdDecompressSync(stored).toString('utf8'));
  } catch (cause) {
    throw damagedList(name, 'does not hold file entries', cause);
  }
}

function damagedList(name: string, problem: string, cause?: unknown) {
  return repositoryErrors.error('LS-REPO-004', {
    what: `list ${name} ${problem}`,
    fix: `fetch ${name} again from a copy of the repository, or use another snapshot (leitstand backup list)`,
    cause,
  });
}
