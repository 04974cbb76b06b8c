import type { Clock } from '../../platform/clock.ts';
import type { Environment } from '../../platform/environment.ts';
import type { LeitstandError } from '../../platform/errors.ts';
import type { RunProgram } from '../../platform/processes.ts';
import type { NeededProgram } from '../../stack/program.ts';
import type { AnyReceiverPlugin } from '../../stack/receiver.ts';
import type { Stack } from '../../stack/stack.ts';
import type { AlertmanagerSecrets } from './written-secrets.ts';

export type DoctorVerdict = 'ok' | 'warn' | 'fail' | 'unknown';

export interface DoctorLine {
  readonly verdict: DoctorVerdict;
  /** What was looked at: `prometheus, port 9090`. Never holds a secret, nor does what follows. */
  readonly subject: string;
  readonly found: string;
  readonly wanted?: string | undefined;
  /** What to do about it: a command, or a line to change. */
  readonly fix?: string | undefined;
  /** Of an unknown: whether the stack depends on the answer. */
  readonly matters?: boolean | undefined;
}

/** A port that the stack listens on. */
export interface WantedPort {
  readonly component: string;
  readonly port: number;
  /** The key that changes it: `components.prometheus.port`. */
  readonly setting: string;
}

/** What the checks look at; they change none of it. */
export interface DoctorWorld {
  /** Undefined where there is no leitstand.yaml. Without components when the file has mistakes. */
  readonly stack: Stack | undefined;
  /** What is wrong with the file. */
  readonly mistakes: readonly LeitstandError[];
  readonly ports: readonly WantedPort[];
  /** The stack's own processes: the daemon, the programs and what they started. */
  readonly ownPids: ReadonlySet<number>;
  readonly daemonRuns: boolean;
  readonly programs: readonly NeededProgram[];
  /** Type of integration → what it says of the form of its secrets. */
  readonly receivers: ReadonlyMap<string, Pick<AnyReceiverPlugin, 'objectToSecret'>>;
  /** Undefined where Leitstand runs none, or the file has mistakes. */
  readonly alertmanager: AlertmanagerSecrets | undefined;
  /** Undefined where there is nothing to back up, or the file has mistakes. */
  readonly recovery: RecoveryFacts | undefined;
  /** Lines of the file, from 1, on which a secret stands instead of its name. */
  readonly writtenOut: readonly number[];
  readonly host: HostFacts;
  readonly env: Environment;
  readonly run: RunProgram;
  readonly clock: Clock;
  /** Aborted when the time for a check is over. */
  readonly signal: AbortSignal;
}

export interface RecoveryFacts {
  /** The first part of each public half; none: backups are not encrypted. */
  readonly keys: readonly {
    readonly name: string;
    /** When its secret half was last seen to open something: UTC, ISO 8601. */
    readonly triedAt?: string | undefined;
    /** Longer ago than a proof counts. */
    readonly isOld: boolean;
  }[];
  /** Some are on record. */
  readonly hasBackups: boolean;
}

export interface HostFacts {
  readonly uid: number;
  /** Name of the user. */
  readonly user: string;
  /** Of Node, without a `v`. */
  readonly node: string;
  readonly minimumNode: string;
  /** `uname -r`. */
  readonly kernel: string;
}

/** One thing that `doctor` looks at: one file in `checks/`. */
export interface DoctorCheck {
  readonly name: string;
  readonly title: string;
  /** `host`: always. `places`: where the stack keeps its files. `stack`: everything the file says. */
  readonly needs: 'host' | 'places' | 'stack';
  /** No line when there is nothing to look at. What cannot be known is a line, never an error and never `ok`. */
  run(world: DoctorWorld): Promise<readonly DoctorLine[]>;
}

export const ok = (subject: string, found: string): DoctorLine => ({ verdict: 'ok', subject, found });

export const warn = (
  subject: string,
  found: string,
  rest: { readonly wanted?: string; readonly fix: string },
): DoctorLine => ({ verdict: 'warn', subject, found, ...rest });

export const fail = (
  subject: string,
  found: string,
  rest: { readonly wanted?: string; readonly fix: string },
): DoctorLine => ({ verdict: 'fail', subject, found, ...rest });

export const unknown = (
  subject: string,
  found: string,
  rest: { readonly matters: boolean; readonly fix?: string },
): DoctorLine => ({ verdict: 'unknown', subject, found, ...rest });
