import type { Json } from '../platform/canonical-json.ts';
import type { Clock } from '../platform/clock.ts';
import type { Address } from './connection.ts';
import type { Place, Plan } from './plan.ts';
import type { Program } from './program.ts';

/**
 * One file, directory or symbolic link to be stored. The repository reads it; the source promises that it stays until
 * `release()`. `platform/walk-tree.ts` makes them of a tree.
 */
export interface CaptureEntry {
  /** Stable logical path, relative, with `/`: `blocks/<ULID>/index`. Never the name of a temporary folder. */
  readonly path: string;
  /** Absolute path to read from. */
  readonly file: string;
  /** `immutable`: the same path, size and mtime always mean the same bytes. */
  readonly class: 'immutable' | 'mutable';
  /** A regular file unless given. Of a link its target is stored, and never followed. */
  readonly kind?: 'directory' | 'symlink';
  /** Its other names, where it has some, may be entries as well: they are kept as hard links of each other. */
  readonly mayBeLinked?: true;
  /** `path` and `file` are spelled as `platform/path-spelling.ts` does: names that are not UTF-8. */
  readonly escaped?: true;
}

/** A fact read from the live system at capture and sealed into the snapshot. */
export interface Expectation {
  /** What was asked: `block-inventory`, `sample-counts`, `sample-hashes`; with `subject` unique in a snapshot. */
  readonly kind: string;
  readonly subject: string;
  readonly value: Json;
}

export interface Capture {
  /** Facts are of this moment; UTC, ISO 8601. */
  readonly cutoff: string;
  /** In any order; looked through once. */
  readonly entries: Iterable<CaptureEntry> | AsyncIterable<CaptureEntry>;
  readonly expectations: readonly Expectation[];
  /** What the method cannot hold, in words: never hidden. */
  readonly knownLoss: readonly string[];
  /** Program and version that wrote the data. */
  readonly writer: { readonly program: string; readonly version: string };
  /** Frees what the capture pinned (a TSDB snapshot). Safe to call twice. */
  release(): Promise<void>;
}

export interface FileCaptureContext {
  /** A private, empty directory for copies of small files; removed after the release, and by the next backup if need be. */
  readonly scratchDir: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (text: string) => void;
}

export interface CaptureContext extends FileCaptureContext {
  /** How the live component is reached; for texts, `shownUrl` of it. */
  readonly url: Address;
  /** The component's data directory, readable from here. */
  readonly dataDir: string;
}

export interface TwinInput {
  readonly program: Program;
  readonly place: Place;
  /** The port the twin listens on, on loopback. */
  readonly port: number;
}

/** What a restored copy is compared with, and where it is. */
export interface FileCompareContext {
  /** The restored data directory. A twin that runs on it may have written to it since. */
  readonly dataDir: string;
  readonly expectations: readonly Expectation[];
  /** UTC, ISO 8601: what a fact of the snapshot is of. */
  readonly cutoff: string;
  /** What expires by itself is judged by the time of the drill. */
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (text: string) => void;
}

export interface CompareContext extends FileCompareContext {
  /** Base URL of the running twin. */
  readonly url: string;
}

/** One fact, expected and found. `unknown` (it could not be asked) is never a match. */
export interface Comparison {
  readonly kind: string;
  readonly subject: string;
  readonly verdict: 'match' | 'mismatch' | 'unknown';
  readonly expected: string;
  readonly found: string;
}

interface SourceBase {
  readonly component: string;
  /** Where a logical path belongs below the component's data directory. */
  restorePath(path: string): string;
  /**
   * True for a restored file (path below the data directory) that the program never writes into, only replaces or
   * deletes: such files may be hard links. Undefined: none.
   */
  neverRewrites?(path: string): boolean;
  /**
   * The negative control: damages a restored data directory (nothing runs on it) in a way that the comparison, or the
   * program's start, must notice, also where the data is empty. Replaces the damaged file, since it may be a hard link.
   * Returns what was damaged, in words. `now`: what has expired by then is not compared.
   */
  damage(dataDir: string, now: Date): Promise<string>;
  /** In words, what a drill of this source does not prove. */
  readonly notProven: readonly string[];
}

/** Data of a program that can be started on a restored copy and asked. */
export interface ProgramSource extends SourceBase {
  capture(context: CaptureContext): Promise<Capture>;
  /** The same program on restored data, isolated: no scraping, no alerting, no deletion, loopback only. */
  twinPlan(input: TwinInput): Plan;
  /** Asks the running twin everything the snapshot expects. Throws only when cancelled. */
  compare(context: CompareContext): Promise<Comparison[]>;
}

/** Data without a program to ask: the restored files themselves are read. */
export interface FileSource extends SourceBase {
  /** The source knows itself where its live data is. */
  capture(context: FileCaptureContext): Promise<Capture>;
  /** Reads everything the snapshot expects. Throws only when cancelled. */
  compareFiles(context: FileCompareContext): Promise<Comparison[]>;
}

/** One component's data as a thing to back up. */
export type Source = ProgramSource | FileSource;

export function isProgramSource(source: Source): source is ProgramSource {
  return 'twinPlan' in source;
}
