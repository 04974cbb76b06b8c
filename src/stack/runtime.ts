import type { Place, Plan } from './plan.ts';

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
}

export interface InboxStatus {
  readonly state: ComponentState;
  readonly port: number;
  readonly reason?: string;
}

/** Whether somebody restarts what dies. */
export interface Supervision {
  readonly supervised: boolean;
  /** Why not, in words, with what to do about it. */
  readonly reason?: string;
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
  /** Whether a program may be replaced by an older version, which may not read what the newer one wrote. */
  readonly allowDowngrade?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Component → what was done, or would be. */
export type ComponentActions = Readonly<Record<string, ComponentAction>>;

/** How a plan runs in isolation, for a drill. */
export interface Twin {
  readonly url: string;
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
  /** The component's data directory as the caller can read it. */
  dataDir(component: string): string;
  /** Last lines of the component's log, oldest first. */
  logTail(component: string, lines: number): Promise<string[]>;
  /** A place below `directory` for a twin: `config/`, `data/`, `secrets/`, loopback addresses. */
  twinPlace(directory: string): Place;
  /** Rejects with LS-RUNTIME errors that hold the program's last log lines when it does not become ready. */
  startTwin(request: TwinRequest): Promise<Twin>;
}
