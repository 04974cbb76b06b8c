import type { Version } from './version.ts';

/** One executable and every way to have it. Versions are data here, never in code paths. */
export interface ProgramSpec {
  /** Leitstand's name for it, which is upstream's: `prometheus`, `promtool`. */
  readonly name: string;
  /** Debian's package and the path inside it, without a leading `/`. */
  readonly debian?: DebianProgram;
  readonly release?: ReleaseArchive;
  readonly go?: GoBuild;
  /** The oldest version that Leitstand renders for: `2.42`. */
  readonly minimum?: string;
}

/** A program, and which version of it the stack says it wants. */
export interface NeededProgram extends ProgramSpec {
  /** `system`: the one on PATH; a number: this version and no other; absent: what the sources have. */
  readonly wanted?: string;
}

/**
 * The archive that the project itself publishes, a `.tar.gz`. In the texts `{version}` and `{arch}` stand for the
 * version of the program and the project's name of the processor.
 */
export interface ReleaseArchive {
  /** The version that is taken where none is asked for. */
  readonly version: string;
  /** URL of the directory with the files of a release, without a `/` at the end. */
  readonly base: string;
  readonly archive: string;
  /** The executable's path in the archive. */
  readonly path: string;
  /** The project's file of SHA-256 sums, beside the archive. */
  readonly checksums: string;
  readonly architectures: Readonly<Record<Architecture, string>>;
}

/** Processors by their names in Debian and Go. */
export type Architecture = 'amd64' | 'arm64';

export interface DebianProgram {
  readonly package: string;
  readonly path: string;
  /**
   * Absolute directory that Debian's build has compiled in and reads templates and web pages from; the unpacked copy
   * must find it beside itself.
   */
  readonly data?: string;
}

/** `go build` of a pinned module version through a committed wrapper module. */
export interface GoBuild {
  /** Absolute directory with the wrapper's go.mod and go.sum. */
  readonly wrapper: string;
  readonly package: string;
  /** The version of the *program* that comes out: Prometheus' module v0.316.0 is program 3.16.0. */
  readonly version: string;
  readonly tags?: readonly string[];
  /** Seconds on 2 cores with cold caches, measured; shown as an estimate. */
  readonly expectedSeconds: number;
  /** Where the module is numbered otherwise than the program: the program's version of a module's (`v0.316.0`). */
  readonly programVersion?: (moduleVersion: string) => string | undefined;
}

export type ProgramOrigin = 'configured' | 'system' | 'release' | 'debian' | 'go';

/** A program that is really there. */
export interface Program {
  readonly name: string;
  /** Absolute path of the executable. */
  readonly path: string;
  readonly version: Version;
  readonly origin: ProgramOrigin;
}
