import { snapshotName } from './names.ts';
import type { SnapshotRecord } from './records.ts';
import type { RestoreRequest } from './restore.ts';
import { altered } from './signed-record.ts';

/** What a restore has done so far, and how much there is to do. */
export class RestoreTally {
  files = 0;
  bytes = 0;
  kept = 0;
  copies = 0;
  /** Entries that are wanted, as far as the lists have been read. */
  selected = 0;
  readonly lost: { readonly path: string; readonly problem: string }[] = [];
  readonly #request: RestoreRequest;
  readonly #record: SnapshotRecord;
  #wanted = 0;

  constructor(request: RestoreRequest, record: SnapshotRecord) {
    this.#request = request;
    this.#record = record;
  }

  /** Bytes that a list asks for. */
  want(bytes: number): void {
    this.#wanted += bytes;
  }

  /** A file is complete in the target; `bytes`: what of it has not been counted yet. */
  addFile(bytes: number): void {
    this.files += 1;
    this.addBytes(bytes);
  }

  addBytes(bytes: number): void {
    this.bytes += bytes;
    const total = this.#request.selection ? this.#wanted : this.#record.totals.bytes;
    this.#request.onProgress?.(this.bytes, total);
  }

  /** Throws LS-REPO-003 when the lists held other files than the record says; with none left out or lost. */
  assertComplete(): void {
    if (this.#request.selection || this.lost.length > 0) return;
    const { files, bytes } = this.#record.totals;
    if (this.files !== files || this.bytes !== bytes)
      throw altered(snapshotName(this.#record.id), 'its lists hold other files than it says');
  }
}
