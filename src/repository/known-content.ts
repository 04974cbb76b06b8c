import type { LeitstandError } from '../platform/errors.ts';
import type { Store } from '../stack/store.ts';
import type { Condemned } from './condemned.ts';
import type { RepositoryContext } from './context.ts';
import { type ListReading, linesOf } from './earlier-lists.ts';
import { isFile, isStored, type ListEntry, type PieceReference, pieceSha256 } from './file-entry.ts';
import { FRAME_BYTES } from './frames.ts';
import type { FrameTable, Placement } from './frame-table.ts';
import { listName, packName, packPrefix } from './names.ts';
import { readOrphan } from './orphan-pack.ts';
import { PACK_BYTES } from './pack-footer.ts';
import { PieceIndex } from './piece-index.ts';
import type { ListReference, PackReference, SnapshotRecord } from './records.ts';
import { isSameEncryption } from './snapshot-keys.ts';
import type { Spool } from './spool.ts';

/** How many of the newest snapshots of a source are searched for content that need not be stored again. */
const BASE_SNAPSHOTS = 2;

const NO_PACKS: ReadonlyMap<string, PackReference> = new Map();

/** An earlier snapshot, and its packs that may be built upon. */
export interface Base {
  readonly snapshot: SnapshotRecord;
  readonly packs: ReadonlyMap<string, PackReference>;
}

export interface KnownContentRequest {
  readonly source: string;
  /** All of the source, newest first. */
  readonly snapshots: readonly SnapshotRecord[];
  readonly condemned: Condemned;
  readonly frames: FrameTable;
  readonly spool: Spool;
}

/**
 * What the newest snapshots of the source hold and what a run that was cut off left behind; only content whose pack is
 * there with its full size and not condemned; of encrypted packs only those for the recipients of now to which a key is
 * here, so that the newest backup can be drilled without the recovery key.
 */
export class KnownContent {
  /** Packs of the source in the store that may be built upon, by id, with their sizes. */
  readonly present: Map<string, number>;
  readonly #context: Pick<RepositoryContext, 'store' | 'keyring'>;
  readonly #request: KnownContentRequest;
  readonly #bases: readonly Base[];
  readonly #index: PieceIndex;
  readonly #damage = new Map<string, LeitstandError>();
  #isLoaded = false;

  private constructor(
    context: Pick<RepositoryContext, 'store' | 'keyring'>,
    request: KnownContentRequest,
    { present, bases }: { readonly present: Map<string, number>; readonly bases: readonly Base[] },
  ) {
    [this.#context, this.#request, this.present, this.#bases] = [context, request, present, bases];
    this.#index = new PieceIndex(request.spool);
  }

  static async open(
    context: Pick<RepositoryContext, 'store' | 'keyring'>,
    request: KnownContentRequest,
  ): Promise<KnownContent> {
    const { source, snapshots, condemned } = request;
    const present = await listPacks(context.store, source);
    for (const id of present.keys()) if (condemned.has(packName(source, id))) present.delete(id);
    const alike = snapshots.filter(({ encryption }) => isSameEncryption(encryption, context.keyring.writes));
    const bases: Base[] = [];
    for (const snapshot of alike.slice(0, BASE_SNAPSHOTS))
      bases.push({ snapshot, packs: await soundPacks(context, snapshot, present) });
    return new KnownContent(context, request, { present, bases });
  }

  /** The newest snapshot that may be built upon. */
  get newest(): Base | undefined {
    return this.#bases[0];
  }

  /** Packs of the newest that may be built upon. */
  get packs(): ReadonlyMap<string, PackReference> {
    return this.newest?.packs ?? NO_PACKS;
  }

  /** Damage met on the way; such content is simply stored again. */
  get damage(): readonly LeitstandError[] {
    return [...this.#damage.values()];
  }

  /** Whether it was met on the way, and is not what it should be. */
  isDamaged(object: string): boolean {
    for (const sha256 of this.#damage.keys()) if (listName(sha256) === object) return true;
    return false;
  }

  get reading(): ListReading {
    return { context: this.#context, onDamage: ({ sha256 }, error) => this.#damage.set(sha256, error) };
  }

  /** Reads all lists, the first time. */
  async load(): Promise<void> {
    if (this.#isLoaded) return;
    await this.#readLists();
    this.#isLoaded = true;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Where content is stored, or will be; once it is loaded. */
  find(sha256: string): Placement | undefined {
    return this.#index.get(sha256);
  }

  /** What was not found. */
  add(sha256: string, place: Placement): void {
    this.#index.addNew(sha256, place);
  }

  async #readLists(): Promise<void> {
    const seen = new Set<string>();
    const isNew = ({ sha256 }: ListReference) => !seen.has(sha256) && seen.add(sha256);
    for (const { snapshot, packs } of this.#bases)
      for await (const lines of linesOf(this.reading, snapshot.lists.filter(isNew)))
        for (const { entry } of lines) this.#addEntry(entry, packs);
    await this.#adoptOrphans();
  }

  #addEntry(entry: ListEntry, packs: ReadonlyMap<string, PackReference>): void {
    if (!isFile(entry)) return;
    for (const part of entry.pieces) {
      if (!isStored(part)) continue;
      const [id, frameOffset, frameLength, offset, length] = part;
      const pack = packs.get(id);
      if (!pack || !isPossible(part)) continue;
      const frame = this.#request.frames.known(pack, frameOffset, frameLength);
      this.#index.add(pieceSha256(entry, part), { frame, offset, length });
    }
  }

  /** Packs no snapshot names: put by a run that died before its commit. Their footers say what is in them, and are not believed. */
  async #adoptOrphans(): Promise<void> {
    const { store, keyring } = this.#context;
    const { source, snapshots, frames } = this.#request;
    const referenced = new Set(snapshots.flatMap((snapshot) => snapshot.packs.map((pack) => pack.id)));
    for (const [id, size] of this.present) {
      if (referenced.has(id)) continue;
      const own = await keyring.ownPack(id);
      // A plain one in an encrypted backup, or one that only the recovery key opens.
      if (keyring.writes && !own) continue;
      const pack = { id, size, ...(own ? { header: own.header } : {}) };
      const pieces = await readOrphan(store, source, pack, own?.payloadKey);
      // What is not as it should be is written again, if need be under the same name.
      if (!pieces) this.present.delete(id);
      for (const piece of pieces ?? []) {
        const [frameOffset, frameLength, offset, length, sha256] = piece;
        this.#index.add(sha256, { frame: frames.known(pack, frameOffset, frameLength), offset, length });
      }
    }
  }
}

/** What no writer makes comes of a list that lies. */
function isPossible([, frameOffset, frameLength, offset, length]: PieceReference): boolean {
  return frameOffset + frameLength <= PACK_BYTES && offset + length <= FRAME_BYTES;
}

export async function listPacks(store: Store, source: string): Promise<Map<string, number>> {
  const present = new Map<string, number>();
  for await (const { name, size } of store.list(packPrefix(source)))
    present.set(name.slice(name.lastIndexOf('/') + 1), size);
  return present;
}

async function soundPacks(
  { keyring }: Pick<RepositoryContext, 'keyring'>,
  snapshot: SnapshotRecord,
  present: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, PackReference>> {
  const sound: PackReference[] = [];
  for (const pack of snapshot.packs.filter(({ id, size }) => present.get(id) === size))
    if (pack.header === undefined || (await keyring.ownPack(pack.id))) sound.push(pack);
  return new Map(sound.map((pack) => [pack.id, pack]));
}
