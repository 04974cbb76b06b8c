import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { createZstdCompress, createZstdDecompress, zstdDecompress } from 'node:zlib';
import { LeitstandError } from '../platform/errors.ts';
import { noKey } from './age/keyring.ts';
import { sealParts } from './age/stream.ts';
import { release } from './buffers.ts';
import type { Condemned } from './condemned.ts';
import type { RepositoryContext } from './context.ts';
import { repositoryErrors } from './errors.ts';
import { decodeEntries, decodeLine } from './entry-text.ts';
import type { ListEntry } from './file-entry.ts';
import { compressionParams } from './frames.ts';
import { listName } from './names.ts';
import type { ListReference } from './records.ts';

/** Of hashes and numbers it makes less than higher levels do, in half of their time (measured: 6.5 and 7.4 MB of 33). */
const LEVEL = 1;
/** Of text that is decoded at once, where lines are looked at one after the other. */
const LINES_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
/** Stored, and decoded: one of 65,536 files has a tenth of it. What somebody else put there must not fill our memory. */
const MAX_LIST_BYTES = 256 * 1024 * 1024;

const decompressAside = promisify(zstdDecompress);

type ListContext = Pick<RepositoryContext, 'store' | 'keyring'>;

/** What a list holds: lines of canonical JSON, each with its line feed. */
export interface ListContent {
  readonly text: readonly Buffer[];
  /** Lines. */
  readonly files: number;
  /** Of the files' contents. */
  readonly bytes: number;
}

interface ListToWrite extends ListContent {
  /** It has got all text but the last. */
  readonly encoder: ListEncoder;
  readonly condemned: Condemned;
  /** What is there by that name is to be put once more. */
  readonly isDamaged: (object: string) => boolean;
}

/**
 * Puts a list unless it is there already; the same lines make the same list, unless that one is condemned or lists are
 * encrypted.
 */
export async function writeList(
  context: ListContext,
  days: Pick<ListReference, 'day' | 'until'>,
  { text, files, bytes, encoder, condemned, isDamaged }: ListToWrite,
): Promise<{ readonly reference: ListReference; readonly storedBytes: number }> {
  const { store } = context;
  encoder.write(text);
  const { stored, header } = await encodeList(context, await encoder.finish(), condemned);
  const sha256 = hash('sha256', stored, 'hex');
  const name = listName(sha256);
  const mayBePresent = header === undefined && !isDamaged(name);
  const isPresent = mayBePresent && (await store.head(name))?.size === stored.length;
  if (!isPresent) await store.put(name, stored);
  const size = stored.length;
  return {
    reference: { ...days, sha256, size, files, bytes, ...(header === undefined ? {} : { header }) },
    storedBytes: isPresent ? 0 : size,
  };
}

/** Compresses a list as its text comes, beside this thread (a second for each 150 MB); the text is gone afterwards. */
export class ListEncoder {
  readonly #stream = createZstdCompress({ params: compressionParams(LEVEL) });
  readonly #parts: Buffer[] = [];
  readonly #end: Promise<void>;
  /** What comes first is on its way. */
  readonly #begun: Promise<void> | undefined;
  #waiting: Buffer[] | undefined;
  /** Resolves when all is compressed that was put so far. */
  #taken: Promise<void> = Promise.resolve();
  #bytes = 0;

  /** `first`: what comes before all text. */
  constructor(first?: AsyncIterable<Buffer>) {
    this.#end = this.#collect();
    // Whoever gives a list up does not wait for its end.
    this.#end.catch(() => undefined);
    if (!first) return;
    this.#waiting = [];
    this.#begun = this.#begin(first);
    this.#begun.catch(() => undefined);
  }

  write(text: readonly Buffer[]): void {
    if (this.#waiting) this.#waiting.push(...text);
    else for (const chunk of text) this.#put(chunk, () => release(chunk));
  }

  /** Throws LS-REPO-041. */
  async finish(): Promise<Buffer> {
    await this.#begun;
    // Text that still waited when the end came would make other bytes.
    await this.#taken;
    this.#stream.end();
    await this.#end;
    if (this.#bytes > MAX_LIST_BYTES) throw tooLong(this.#bytes);
    return Buffer.concat(this.#parts);
  }

  async #begin(first: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of first) {
      this.#put(chunk, () => undefined);
      await this.#taken;
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.write(waiting);
  }

  #put(chunk: Buffer, onTaken: () => void): void {
    this.#bytes += chunk.length;
    this.#taken = new Promise((taken) => {
      this.#stream.write(chunk, () => {
        onTaken();
        taken();
      });
    });
  }

  async #collect(): Promise<void> {
    for await (const part of this.#stream as AsyncIterable<Buffer>) this.#parts.push(part);
  }
}

async function encodeList(
  { keyring }: ListContext,
  plain: Buffer,
  condemned: Condemned,
): Promise<{ readonly stored: Buffer; readonly header?: number }> {
  if (keyring.writes) {
    const { opening, payloadKey } = await keyring.makeListSeal();
    return { stored: sealParts(opening, payloadKey, [plain]), header: opening.length };
  }
  if (!condemned.has(listName(hash('sha256', plain, 'hex')))) return { stored: plain };
  return { stored: Buffer.concat([plain, saltFrame(condemned.salt())]) };
}

/** A skippable frame (RFC 8878, 3.1.2), which every zstd passes over. */
function saltFrame(salt: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a5b, 0);
  header.writeUInt32LE(salt.length, 4);
  return Buffer.concat([header, Buffer.from(salt, 'latin1')]);
}

/**
 * Throws LS-REPO-004 unless the list is exactly the one that was written, LS-REPO-029 without a key for it, and
 * LS-REPO-015 when a newer version wrote it.
 */
export async function readList(context: ListContext, reference: ListReference): Promise<ListEntry[]> {
  return decoded(reference, decodeEntries, await readListText(context, reference));
}

async function readListText(context: ListContext, reference: ListReference): Promise<string> {
  const compressed = await fetchList(context, reference);
  try {
    return (await decompressAside(compressed, { maxOutputLength: MAX_LIST_BYTES })).toString('utf8');
  } catch (cause) {
    throw damagedList(listName(reference.sha256), 'does not hold file entries', cause);
  }
}

/**
 * The text of a list, as `fetchList` gave it, some hundred lines at a time, each with its line feed: good until the next are
 * asked for. Throws LS-REPO-004.
 */
export async function* textOf(reference: ListReference, compressed: Uint8Array): AsyncGenerator<Buffer> {
  const decompressed = createZstdDecompress({ chunkSize: LINES_BYTES });
  decompressed.end(compressed);
  // Of a line that has not ended: put together once, or a line without an end would be copied for ever.
  let parts: Buffer[] = [];
  let bytes = 0;
  let last: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of decompressed as AsyncIterable<Buffer>) {
      last = chunk;
      bytes += chunk.length;
      if (bytes > MAX_LIST_BYTES) throw new RangeError('more than any list holds');
      const firstEnd = parts.length === 0 ? 0 : chunk.indexOf(LINE_FEED) + 1;
      if (firstEnd > 0) {
        yield Buffer.concat([...parts, chunk.subarray(0, firstEnd)]);
        parts = [];
      }
      const end = parts.length > 0 ? 0 : chunk.lastIndexOf(LINE_FEED) + 1;
      if (end > firstEnd) yield chunk.subarray(firstEnd, end);
      if (end < chunk.length) parts.push(Buffer.from(chunk.subarray(end)));
      // A full one is nobody's any more; into others more is written.
      if (chunk.length === chunk.buffer.byteLength) release(chunk);
    }
    release(last);
  } catch (cause) {
    if (cause instanceof LeitstandError) throw cause;
    throw damagedList(listName(reference.sha256), 'does not hold file entries', cause);
  }
}

/** So many first lines of the same. */
export async function* firstLines(
  reference: ListReference,
  compressed: Uint8Array,
  lines: number,
): AsyncGenerator<Buffer> {
  let left = lines;
  for await (const text of textOf(reference, compressed)) {
    let end = 0;
    for (; left > 0 && end < text.length; left -= 1) end = text.indexOf(LINE_FEED, end) + 1;
    yield text.subarray(0, end);
    if (left === 0) return;
  }
}

/**
 * It is exactly what was written, and decrypted, but still compressed; in memory that is the caller's alone. Throws LS-REPO-004
 * and LS-REPO-029.
 */
export async function fetchList(
  { store, keyring }: ListContext,
  reference: ListReference,
): Promise<Uint8Array> {
  const name = listName(reference.sha256);
  const room = Buffer.allocUnsafeSlow(Math.min(reference.size, MAX_LIST_BYTES) + 1);
  const stored = await store.get(name, { offset: 0, length: room.length }, room);
  if (stored === undefined) throw damagedList(name, 'is missing');
  if (stored.length !== reference.size)
    throw damagedList(name, `has ${stored.length} bytes instead of ${reference.size}`);
  if (hash('sha256', stored, 'hex') !== reference.sha256) throw damagedList(name, 'was altered');
  if (reference.header === undefined) return stored.buffer === room.buffer ? stored : Buffer.from(stored);
  const plain = await keyring.decrypt(stored, reference.header);
  release(room);
  if (plain === 'foreign') throw noKey(`list ${name}`);
  if (plain === 'damaged') throw damagedList(name, 'does not decrypt');
  return plain;
}

/** Throws LS-REPO-004, and LS-REPO-015 when a newer version wrote it. */
export function decodeListLine(reference: ListReference, line: string): ListEntry {
  return decoded(reference, decodeLine, line);
}

function decoded<Result>({ sha256 }: ListReference, decode: (text: string) => Result, text: string): Result {
  try {
    return decode(text);
  } catch (cause) {
    if (cause instanceof LeitstandError) throw cause;
    throw damagedList(listName(sha256), 'does not hold file entries', cause);
  }
}

function tooLong(bytes: number) {
  return repositoryErrors.error('LS-REPO-041', {
    what: `a list of files has ${bytes} bytes of text, and may have ${MAX_LIST_BYTES}`,
    why: 'one of its files has more parts of 4 MiB than a list has room for',
    fix: 'split that file, or leave it out: of what is backed up only files of several terabytes are so long',
  });
}

function damagedList(name: string, problem: string, cause?: unknown) {
  return repositoryErrors.error('LS-REPO-004', {
    what: `list ${name} ${problem}`,
    fix: `fetch ${name} again from a copy of the repository, or use another snapshot (leitstand backup list)`,
    cause,
  });
}
