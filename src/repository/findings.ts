export interface Finding {
  /** Name of the object in the store. */
  readonly object: string;
  /** What is wrong with it, in words that follow the name. */
  readonly problem: string;
  /** Logical paths of the files it concerns, as far as they are known; sorted. */
  readonly paths: readonly string[];
  /** Ids of the snapshots it concerns; newest first. */
  readonly snapshots: readonly string[];
}

interface OpenFinding {
  readonly problem: string;
  readonly paths: Set<string>;
  readonly snapshots: Set<string>;
}

/** One finding per object: the first problem stays, files and snapshots add up. */
export class Findings {
  readonly #byObject = new Map<string, OpenFinding>();

  add(object: string, problem: string, snapshots: Iterable<string> = [], path?: string): void {
    const finding = this.#byObject.get(object) ?? { problem, paths: new Set(), snapshots: new Set() };
    this.#byObject.set(object, finding);
    for (const snapshot of snapshots) finding.snapshots.add(snapshot);
    if (path !== undefined) finding.paths.add(path);
  }

  /** In the order of the objects' names. */
  all(): Finding[] {
    return [...this.#byObject]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([object, { problem, paths, snapshots }]) => ({
        object,
        problem,
        paths: [...paths].sort(),
        snapshots: [...snapshots].sort().reverse(),
      }));
  }
}
