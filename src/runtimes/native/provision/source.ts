import type { Clock } from '../../../platform/clock.ts';
import type { RunProgram } from '../../../platform/processes.ts';
import type { NeededProgram, Program, ProgramOrigin, ProgramSpec } from '../../../stack/program.ts';
import type { OnProgress } from '../../../stack/progress.ts';
import type { Provisioning } from '../../../stack/stack.ts';
import { formatVersion } from '../../../stack/version.ts';

export interface ProvisionContext {
  readonly provisioning: Provisioning;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: RunProgram;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: OnProgress;
  /** Absolute path of the stack's `leitstand.lock`; absent where no stack is meant. */
  readonly lockFile?: string | undefined;
}

/**
 * Programs that belong together, a program and its tools: one Debian package, or one Go module. They come from one
 * source in one version, so that promtool judges the files as the Prometheus that runs will.
 */
export type ProgramGroup = readonly [NeededProgram, ...NeededProgram[]];

/** Why a source has no program for us, in one line; the next source is asked then. */
export class SourceRefused extends Error {
  /** Where the program's own words are kept, when they are more than a line. */
  readonly log: string | undefined;

  constructor(reason: string, log?: string) {
    super(reason);
    this.name = 'SourceRefused';
    this.log = log;
  }
}

const ORIGIN_NAMES: Readonly<Record<ProgramOrigin, string>> = {
  configured: 'as configured',
  system: 'from this machine',
  release: "from the project's release archive",
  debian: "from Debian's package",
  go: 'built by go',
};

/** `prometheus 3.16.0, built by go`. */
export function describeProgram(program: Program): string {
  return `${program.name} ${formatVersion(program.version)}, ${ORIGIN_NAMES[program.origin]}`;
}

export function namesOf(group: readonly ProgramSpec[]): string {
  return group.map((spec) => spec.name).join(' and ');
}
