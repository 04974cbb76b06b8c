import type { Clock } from '../platform/clock.ts';
import type { LeitstandError } from '../platform/errors.ts';
import type { ExitCode } from '../platform/exit-codes.ts';
import type { BackupRecord } from '../repository/records.ts';
import type { WriteSnapshotRequest, WriteSnapshotResult } from '../repository/snapshot-writer.ts';
import type { Address } from '../stack/connection.ts';
import type { OnProgress } from '../stack/progress.ts';
import type { ProofClaim } from '../stack/proof.ts';
import type { FileSource, ProgramSource } from '../stack/source.ts';

export type BackupSource = { readonly component: string } & (
  | {
      readonly source: ProgramSource;
      readonly url: Address;
      /** Its data directory, readable from here. */
      readonly dataDir: string;
      /** Rejects when what answers at the URL may be another program: its data would pass for the component's. */
      readonly assertOurs?: (() => Promise<void>) | undefined;
    }
  | { readonly source: FileSource; readonly url?: undefined }
);

/** What a backup needs of a repository. */
export interface BackupRepository {
  writeSnapshot(request: WriteSnapshotRequest): Promise<WriteSnapshotResult>;
  writeBackup(request: {
    readonly stack: string;
    readonly snapshots: readonly string[];
    readonly startedAt: Date;
  }): Promise<BackupRecord>;
}

export interface BackupRequest {
  /** The stack's name. */
  readonly stack: string;
  readonly sources: readonly BackupSource[];
  readonly repository: BackupRepository;
  readonly proofs: { append(claim: ProofClaim, now: Date): unknown };
  /** A file for the lock, in a directory that exists: one for each host and stack. */
  readonly lockFile: string;
  /** Holds nothing but copies made for captures; made when missing, emptied at the start and at the end. */
  readonly scratchDir: string;
  readonly clock: Clock;
  /** Milliseconds for which a backup counts, where that is longer than usual. */
  readonly maxAgeMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface StoredSource {
  readonly ok: true;
  readonly component: string;
  readonly elapsedMs: number;
  /** The snapshot's id. */
  readonly snapshot: string;
  /** UTC, ISO 8601: the sealed facts are of this moment. */
  readonly cutoff: string;
  readonly files: number;
  /** Of the snapshot as a whole. */
  readonly bytes: number;
  /** Read from the source by this run. */
  readonly readBytes: number;
  /** Put into the store by this run. */
  readonly newBytes: number;
  /** Content that was stored already. */
  readonly reusedBytes: number;
  /** Of these, what was not read: its class, size and time say that it has not changed. */
  readonly skippedBytes: number;
  /** Of the bytes read, what was read only to see whether unchanged files still are what they were. */
  readonly rereadBytes: number;
  /** Facts sealed into the snapshot; one may hold the counts of many metrics. */
  readonly expectations: number;
  /** In words, what the method could not hold. */
  readonly knownLoss: readonly string[];
  /** Stored, but somebody has to look: a capture that could not be released, damage in older backups. */
  readonly warnings: readonly LeitstandError[];
}

export interface FailedSource {
  readonly ok: false;
  readonly component: string;
  readonly elapsedMs: number;
  readonly error: LeitstandError;
}

export type SourceReport = StoredSource | FailedSource;

export interface BackupReport {
  /** 0 all sources, 3 some (or with warnings), 6 none. */
  readonly exit: ExitCode;
  /** Id of the backup record; absent when no source could be backed up. */
  readonly backupId?: string;
  /** UTC, ISO 8601. */
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly sources: readonly SourceReport[];
}
