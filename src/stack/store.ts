/** A dumb object store. Every member passes `test/repository/store-conformance.ts`. */
export interface Store {
  /** For people: `directory /var/lib/leitstand/repository`. Never holds credentials. */
  readonly label: string;
  /**
   * All or nothing and durable when it resolves. Names are hashes or unique, so putting the same name twice is
   * harmless and may be retried. Rejects with code ENOSPC, EACCES, … as the system gave it.
   */
  put(name: string, data: Uint8Array): Promise<void>;
  /** Undefined when there is no such object. `range` is in bytes; a range past the end gives what there is. */
  get(
    name: string,
    range?: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array | undefined>;
  head(name: string): Promise<{ readonly size: number } | undefined>;
  /** Every finished object below the prefix, in name order; half-written ones are never listed. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Deleting what is not there succeeds. */
  delete(name: string): Promise<void>;
  /** The time by the store's own clock, which is the one that hosts with different clocks have in common. */
  time(): Promise<Date>;
}

export interface StoredObject {
  readonly name: string;
  readonly size: number;
  /** By the store's clock, or a copy's: good for a guess only, some servers give it wrongly. */
  readonly modifiedAt: Date;
}
