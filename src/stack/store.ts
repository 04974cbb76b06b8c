/** A dumb object store. Every member passes `test/repository/store-conformance.ts`. */
export interface Store {
  /** For people: `directory /var/lib/leitstand/repository`. Never holds credentials. */
  readonly label: string;
  /**
   * All or nothing and durable when it resolves. Names are hashes or unique, so putting the same name twice is
   * harmless and may be retried. Rejects with code ENOSPC, EACCES, … as the system gave it. `lockUntil`: until then
   * nobody can delete or replace it; only of a store that has `extendLock`.
   */
  put(name: string, data: Uint8Array, options?: PutOptions): Promise<void>;
  /**
   * Undefined when there is no such object. `range` is in bytes; a range past the end gives what there is. `into` is
   * memory of the caller, at least as long as the range: the result is then mostly a view of it, which spares the
   * allotting of new memory for each part of a large object. Until it settles, `into` belongs to the store.
   */
  get(name: string, range?: ByteRange, into?: Uint8Array): Promise<Uint8Array | undefined>;
  head(name: string): Promise<{ readonly size: number } | undefined>;
  /** Every finished object below the prefix, in name order; half-written ones are never listed. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /**
   * Deleting what is not there succeeds. What is locked rejects with LS-REPO-036 or, where the store keeps versions, goes
   * out of sight.
   */
  delete(name: string): Promise<void>;
  /** The time by the store's own clock, which is the one that hosts with different clocks have in common. */
  time(): Promise<Date>;
  /** Locks an object until then, at least; it never shortens a lock. Undefined: this store cannot lock anything. */
  readonly extendLock?: ((name: string, until: Date) => Promise<void>) | undefined;
}

export interface PutOptions {
  /** In whole seconds. */
  readonly lockUntil?: Date | undefined;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface StoredObject {
  readonly name: string;
  readonly size: number;
  /** By the store's clock, or a copy's: good for a guess only, some servers give it wrongly. */
  readonly modifiedAt: Date;
}
