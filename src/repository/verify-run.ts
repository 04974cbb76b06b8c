import { makePacer, type RepositoryContext } from './context.ts';
import type { Findings } from './findings.ts';
import type { NeededObject, Needs } from './verify-needs.ts';
import { type Crew, makeCrew } from './workers/crew.ts';

export interface VerifyProgress {
  /** Of packs, lists and file contents. */
  readonly bytesRead: number;
  /** What this run is going to read, as far as it is known. */
  readonly bytesDue: number;
}

/** What one run has come to so far. */
export class VerifyRun {
  files = 0;
  bytesRead = 0;
  bytesDue = 0;
  /** Objects that came wrong once and right when they were read again: a cable, a cache, a memory. */
  readonly misread = new Set<string>();
  /** Names of packs and lists whose bytes were found to be right. */
  readonly read = new Set<string>();
  /** Names of packs and lists in which files were decoded; only at level `content`. */
  readonly decoded = new Set<string>();
  /** Packs and lists that are missing, short or altered, and how. */
  readonly damaged = new Map<string, string>();
  /** Of these, what is not there as a whole: nothing in it can be read. */
  readonly unusable = new Set<string>();
  readonly context: RepositoryContext;
  readonly findings: Findings;
  readonly needs: Needs;
  readonly signal: AbortSignal | undefined;
  readonly breathe: () => Promise<void>;
  /** To be closed by who has made the run. */
  readonly crew: Crew;
  readonly #onProgress: ((progress: VerifyProgress) => void) | undefined;

  constructor(
    context: RepositoryContext,
    { findings, needs }: { readonly findings: Findings; readonly needs: Needs },
    {
      signal,
      onProgress,
    }: {
      readonly signal?: AbortSignal | undefined;
      readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
    },
  ) {
    this.context = context;
    this.findings = findings;
    this.needs = needs;
    this.signal = signal;
    this.breathe = makePacer(context.clock, signal);
    this.crew = makeCrew({ breathe: this.breathe });
    this.#onProgress = onProgress;
  }

  addDamage({ name, snapshots }: NeededObject, problem: string): void {
    this.findings.add(name, problem, snapshots);
    if (!this.damaged.has(name)) this.damaged.set(name, problem);
  }

  progress(bytes: number): void {
    this.bytesRead += bytes;
    this.#onProgress?.({ bytesRead: this.bytesRead, bytesDue: Math.max(this.bytesDue, this.bytesRead) });
  }
}
