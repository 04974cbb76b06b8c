import type { Address } from './connection.ts';
import type { Place, Plan } from './plan.ts';
import type { ScheduledJob } from './job.ts';
import type { Language } from './language.ts';
import type { ExpectedProof } from './proof.ts';
import type { IntegrationName } from './receiver.ts';

export type ComponentState = 'ready' | 'starting' | 'stopped' | 'failing' | 'unknown';

export interface ComponentStatus {
  readonly component: string;
  readonly state: ComponentState;
  readonly pid?: number;
  /** UTC, ISO 8601. */
  readonly since?: string;
  readonly restarts: number;
  readonly residentBytes?: number;
  /** Why it is not ready, in words. */
  readonly reason?: string;
  /** The error behind the reason, where there is one: `explain` says more. */
  readonly code?: string;
  /** As the program itself says. */
  readonly version?: string;
  /** Where somebody else runs it. */
  readonly url?: string;
  /** What a program that crashes wrote last, oldest first. */
  readonly lastLines?: readonly string[];
}

export interface InboxStatus {
  readonly state: ComponentState;
  readonly port: number;
  readonly reason?: string;
}

/** Whether somebody restarts what dies. */
export interface Supervision {
  /** `elsewhere`: somebody else runs the programs, and whether they are restarted is theirs to know. */
  readonly supervised: boolean | 'elsewhere';
  /** Why not, in words, with what to do about it. */
  readonly reason?: string;
  /** Who does it, where that is a daemon of ours; `failing` says that its duties beside are not all done. */
  readonly daemon?: DaemonRow;
}

export interface DaemonRow {
  readonly state: ComponentState;
  readonly pid: number;
  /** UTC, ISO 8601. */
  readonly since: string;
  readonly residentBytes?: number;
  readonly reason?: string;
}

/** How a component was told to run. */
export interface Launch {
  /** Path of the executable. */
  readonly program: string;
  readonly version: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly memoryLimit?: number | undefined;
}

/** What the daemon does beside keeping the programs running. */
export interface DaemonDuties {
  /** Of its metrics, on loopback. */
  readonly port: number;
  readonly environment: string;
  /** URL of the Loki push API that gets the programs' log lines; absent: nobody does. */
  readonly logPush?: string | undefined;
  /** Whose ages are in the metrics. */
  readonly expected: readonly ExpectedProof[];
  /** Whose deliveries are in the metrics; absent: of what an older version wrote. */
  readonly integrations?: readonly IntegrationName[] | undefined;
  /** What is run by schedule. */
  readonly jobs?: readonly ScheduledJob[] | undefined;
  /** How the metrics about the whole backup are named; absent: they are not on the page. */
  readonly backupMetrics?: { readonly prefix: string; readonly service: string } | undefined;
  /** The page on which people say that they saw a test; absent: there is none. */
  readonly seenPage?: { readonly language: Language } | undefined;
}

/** What the daemon does that a deployment does not know of by itself. */
export type FurtherDuties = Omit<DaemonDuties, 'port' | 'environment' | 'logPush' | 'expected'>;

export interface LogRequest {
  /** At least one; they may not be there. */
  readonly components: readonly string[];
  /** Last lines of each component to begin with. */
  readonly lines: number;
  /** Only lines that were written after this moment, by their own times. */
  readonly since?: Date | undefined;
  /** Goes on with what is written from then on, until the signal aborts; that is no error. */
  readonly follow: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface LogLine {
  readonly component: string;
  readonly text: string;
  /** UTC, ISO 8601; the line's own time, or that of a line before it. */
  readonly at?: string;
}

/** What an apply does to one component. */
export type ComponentAction = 'none' | 'start' | 'reload' | 'restart' | 'stop';

/** A plan whose files lie rendered and judged at its place. */
export interface Application {
  readonly plan: Plan;
  /** Changes when any rendered file does. */
  readonly filesHash: string;
}

export interface ApplyRequest {
  readonly stack: string;
  /** Everything that shall run; what runs and is not in here is stopped. */
  readonly applications: readonly Application[];
  readonly inbox: { readonly enabled: boolean; readonly port: number };
  readonly daemon?: DaemonDuties | undefined;
  /** Whether a program may be replaced by an older version, which may not read what the newer one wrote. */
  readonly allowDowngrade?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Component → what was done, or would be. */
export type ComponentActions = Readonly<Record<string, ComponentAction>>;

/** How a plan runs in isolation, for a drill. */
export interface Twin {
  readonly url: string;
  /** How the program ended by itself, with its last log lines; undefined while it runs. */
  ended(): Promise<string | undefined>;
  /** The last lines of its log, oldest first. */
  logTail(lines: number): Promise<string[]>;
  /** Stops the program; safe to call twice. */
  stop(): Promise<void>;
}

export interface TwinRequest {
  readonly plan: Plan;
  /** The directory of `twinPlace`; the runtime writes the plan's files there, the caller the data. */
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
}

/** How plans are run. A runtime plug-in is one folder in `runtimes/`. */
export interface Runtime {
  readonly name: string;
  place(component: string): Place;
  /** As the last apply told it; undefined where it never did. */
  launched(component: string): Promise<Launch | undefined>;
  /** What `apply` would do, without doing it. */
  preview(request: ApplyRequest): Promise<ComponentActions>;
  /**
   * Refuses with LS-RUNTIME errors, touching nothing, what could not or should not be started: ports held by others
   * (named), a state directory that another stack uses, an older version of a program.
   */
  assertStartable(request: ApplyRequest): Promise<void>;
  /**
   * Makes the running programs match and waits until each is ready. Changes nothing that is right. Rejects with
   * LS-RUNTIME errors; what already became ready by then stays.
   */
  apply(request: ApplyRequest, onStep: (text: string) => void): Promise<ComponentActions>;
  /** Stops everything of this stack, whoever started it; data stays. Returns what was stopped. */
  stop(): Promise<readonly string[]>;
  /** Undefined when the stack runs no inbox. */
  inboxStatus(): Promise<InboxStatus | undefined>;
  /** Components as they are now; components that are not wanted but still run are listed too. */
  status(): Promise<ComponentStatus[]>;
  /** What runs unsupervised may be ready and is not well: nobody restarts it. */
  supervision(): Promise<Supervision>;
  /** Base URL under which the caller reaches a port of a component. */
  url(component: string, port: number): string;
  /** The same for API clients: with credentials where the component wants some. */
  connection(component: string, port: number): Address;
  /** The component's data directory as the caller can read it; throws an LS error where it is not known. */
  dataDir(component: string): string;
  /** Last lines of the component's log, oldest first. */
  logTail(component: string, lines: number): Promise<string[]>;
  /**
   * Lines of several components: first what is there, by their times, then what comes. Follows across rotations and
   * restarts of the programs, with a daemon or without.
   */
  logs(request: LogRequest): AsyncIterable<LogLine>;
  /** A place below `directory` for a twin: `config/`, `data/`, `secrets/`, loopback addresses. */
  twinPlace(directory: string): Place;
  /** Rejects with LS-RUNTIME errors that hold the program's last log lines when it does not become ready. */
  startTwin(request: TwinRequest): Promise<Twin>;
}
