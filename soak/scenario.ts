/** Faults of one kind, thrown at the repository in rounds. */
export interface Scenario {
  readonly name: string;
  /** In words, what is done to it and what must hold. */
  readonly summary: string;
  /** Why it cannot be played on this machine; undefined: it can. */
  unplayable?(): Promise<string | undefined>;
  /**
   * One round, in an empty directory of its own; the same seed does the same, as far as it is in our hands. Returns what
   * was done in a few words; throws when a promise was broken.
   */
  play(seed: number, directory: string): Promise<string>;
}
