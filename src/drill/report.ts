import type { Clock } from '../platform/clock.ts';
import type { LeitstandError } from '../platform/errors.ts';
import type { ExitCode } from '../platform/exit-codes.ts';
import type { SnapshotFacts, SnapshotRecord } from '../repository/records.ts';
import type { Program } from '../stack/program.ts';
import type { OnProgress } from '../stack/progress.ts';
import type { ProofClaim, Verdict } from '../stack/proof.ts';
import type { Runtime } from '../stack/runtime.ts';
import type { Comparison, FileSource, ProgramSource } from '../stack/source.ts';

export type DrillSource = { readonly component: string } & (
  | {
      readonly source: ProgramSource;
      /** What the restored data is started with. */
      readonly program: Program;
    }
  | { readonly source: FileSource; readonly program?: undefined }
);

/** What a drill needs of a repository. */
export interface DrillRepository {
  /** Of one source, newest first. Rejects when a record does not hold. */
  snapshots(source: string): Promise<readonly SnapshotRecord[]>;
  snapshot(id: string): Promise<SnapshotRecord>;
  /** What was sealed at the backup. Rejects when no key is here that opens it. */
  facts(record: SnapshotRecord): Promise<SnapshotFacts>;
  /** Into a directory that does not exist yet or is empty; every byte is checked. */
  restore(request: {
    readonly snapshot: string;
    readonly target: string;
    readonly mapPath: (path: string) => string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<unknown>;
}

export interface DrillRequest {
  readonly sources: readonly DrillSource[];
  readonly repository: DrillRepository;
  readonly runtime: Pick<Runtime, 'twinPlace' | 'startTwin'>;
  /** Holds nothing but drills; made when missing. Needs room for one restored snapshot. */
  readonly scratchDir: string;
  readonly proofs: { append(claim: ProofClaim, now: Date): unknown };
  readonly clock: Clock;
  /** Milliseconds for which a drill counts, where that is longer than usual. */
  readonly maxAgeMs?: number | undefined;
  readonly random: (size: number) => Uint8Array;
  /** Source → the newest snapshot that this host has made, which must be there. */
  readonly made?: ReadonlyMap<string, string> | undefined;
  /** Instead of the newest snapshot of each source; `sources` is then the one it belongs to. */
  readonly snapshot?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** The negative control: a copy that was damaged on purpose. */
export interface ControlResult {
  /** What was damaged, in words. */
  readonly damage: string;
  readonly rejected: boolean;
  /** How it was noticed, or that it was not. */
  readonly how: string;
}

/** What was reached, in milliseconds. */
export interface Timings {
  readonly restoreMs?: number;
  readonly bootMs?: number;
  readonly compareMs?: number;
  readonly controlMs?: number;
}

export interface SourceDrill extends Timings {
  readonly component: string;
  readonly verdict: Verdict;
  readonly snapshot?: string;
  /** UTC, ISO 8601. */
  readonly cutoff?: string;
  readonly files?: number;
  readonly bytes?: number;
  readonly comparisons: readonly Comparison[];
  /** Absent when it was not run: it says nothing once the restored data itself was rejected. */
  readonly control?: ControlResult;
  /** Why it ended early, or what the repository refused. */
  readonly errors: readonly LeitstandError[];
  readonly knownLoss: readonly string[];
  readonly notProven: readonly string[];
}

export interface DrillReport {
  readonly id: string;
  /** 0 all proven; 1 something refuted; 5 something unknown. */
  readonly exit: ExitCode;
  readonly verdict: Verdict;
  readonly elapsedMs: number;
  readonly sources: readonly SourceDrill[];
}
