import { hash } from 'node:crypto';
import type { Store } from '../stack/store.ts';
import { repositoryErrors } from './errors.ts';
import { type FileEntry, type PieceReference, pieceSha256 } from './file-entry.ts';
import { decodeFrame } from './frames.ts';
import { packName } from './names.ts';

/** Decoded frames kept, newest last: neighbouring small files share a frame. */
const KEPT_FRAMES = 4;

/** Reads content back and believes none of it before its hash is right. */
export class PieceReader {
  readonly #store: Store;
  readonly #source: string;
  readonly #kept = new Map<string, Buffer>();

  constructor(store: Store, source: string) {
    this.#store = store;
    this.#source = source;
  }

  /** Throws LS-REPO-005 naming the pack and the file. */
  async read(entry: FileEntry, part: PieceReference): Promise<Uint8Array> {
    const [pack, , , offset, length] = part;
    const frame = await this.#frame(entry, part);
    const bytes = frame.subarray(offset, offset + length);
    if (hash('sha256', bytes, 'hex') !== pieceSha256(entry, part))
      throw damagedPack(this.#source, pack, 'was altered', [entry.path]);
    return bytes;
  }

  async #frame(entry: FileEntry, [pack, frameOffset, frameLength]: PieceReference): Promise<Buffer> {
    const key = `${pack}:${frameOffset}`;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const stored = await this.#store.get(packName(this.#source, pack), {
      offset: frameOffset,
      length: frameLength,
    });
    if (stored === undefined) throw damagedPack(this.#source, pack, 'is missing', [entry.path]);
    if (stored.length < frameLength) throw damagedPack(this.#source, pack, 'is cut off', [entry.path]);
    const frame = this.#decode(stored, pack, entry);
    this.#keep(key, frame);
    return frame;
  }

  #decode(stored: Uint8Array, pack: string, entry: FileEntry): Buffer {
    try {
      return decodeFrame(stored);
    } catch (cause) {
      throw damagedPack(this.#source, pack, 'was altered', [entry.path], cause);
    }
  }

  #keep(key: string, frame: Buffer): void {
    this.#kept.set(key, frame);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_FRAMES && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** Packs in turn and each from front to back, so that a frame is read and decoded once. */
export function inPackOrder(entries: readonly FileEntry[]): FileEntry[] {
  const key = ({ pieces }: FileEntry) => pieces[0] ?? (['', 0] as const);
  return [...entries].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    return left[0] === right[0] ? left[1] - right[1] : left[0] < right[0] ? -1 : 1;
  });
}

export function damagedPack(
  source: string,
  pack: string,
  problem: string,
  paths: readonly string[],
  cause?: unknown,
) {
  const name = packName(source, pack);
  const [first] = paths;
  const more = paths.length > 1 ? ` and ${paths.length - 1} more files` : '';
  return repositoryErrors.error('LS-REPO-005', {
    what: `pack ${name} ${problem}; needed for ${first ?? 'no file that is known'}${more}`,
    fix: `fetch ${name} again from a copy of the repository, or use another snapshot (leitstand backup list)`,
    detail: paths.slice(0, 20),
    cause,
  });
}
