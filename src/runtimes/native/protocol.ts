import { z } from 'zod';
import { type ErrorDetails, LeitstandError, LeitstandErrors } from '../../platform/errors.ts';
import type { ExitCode } from '../../platform/exit-codes.ts';
import type {
  ComponentAction,
  ComponentActions,
  ComponentState,
  ComponentStatus,
  InboxStatus,
} from '../../stack/runtime.ts';

// What the daemon and its client say to each other: JSON over HTTP on the Unix socket, under /v1.

export interface DaemonStatus {
  readonly daemon: {
    readonly pid: number;
    /** UTC, ISO 8601. */
    readonly since: string;
    readonly version: string;
    readonly residentBytes: number;
    /** What of its duties beside supervision it cannot do; absent when all is well. */
    readonly trouble?: string;
  };
  readonly components: readonly ComponentStatus[];
  /** Absent when the stack has none. */
  readonly inbox?: InboxStatus;
}

/** What an apply says while it runs. */
export interface ApplyEvent {
  readonly type: 'component';
  readonly component: string;
  readonly action: ComponentAction;
  readonly phase: 'begin' | 'done' | 'failed';
  /** Since the component's begin. */
  readonly elapsedMs: number;
}

export interface WireError {
  readonly code: string;
  readonly exit: ExitCode;
  readonly details: Omit<ErrorDetails, 'cause'>;
}

/** One line of the answer to an apply; the last is `result` or `error`. */
export type ApplyLine =
  | ApplyEvent
  | { readonly type: 'result'; readonly actions: ComponentActions }
  | { readonly type: 'error'; readonly errors: readonly WireError[] };

const action = z.enum(['none', 'start', 'reload', 'restart', 'stop']) satisfies z.ZodType<ComponentAction>;

const state = z.enum([
  'ready',
  'starting',
  'stopped',
  'failing',
  'unknown',
]) satisfies z.ZodType<ComponentState>;

const where = z.object({
  file: z.string(),
  line: z.number().exactOptional(),
  column: z.number().exactOptional(),
});

const wireError = z.object({
  code: z.string(),
  exit: z.literal([0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 70, 130]),
  details: z.object({
    what: z.string(),
    why: z.string().optional(),
    fix: z.string().optional(),
    where: where.optional(),
    detail: z.array(z.string()).optional(),
  }),
}) satisfies z.ZodType<WireError>;

export const applyLine = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('component'),
    component: z.string(),
    action,
    phase: z.enum(['begin', 'done', 'failed']),
    elapsedMs: z.number(),
  }),
  z.object({ type: z.literal('result'), actions: z.record(z.string(), action) }),
  z.object({ type: z.literal('error'), errors: z.array(wireError).min(1) }),
]) satisfies z.ZodType<ApplyLine>;

export const errorAnswer = z.object({ errors: z.array(wireError).min(1) });

export const stopAnswer = z.object({ stopped: z.array(z.string()) });

export const daemonStatus = z.object({
  daemon: z.object({
    pid: z.number(),
    since: z.string(),
    version: z.string(),
    residentBytes: z.number(),
    trouble: z.string().exactOptional(),
  }),
  components: z.array(
    z.object({
      component: z.string(),
      state,
      pid: z.number().exactOptional(),
      since: z.string().exactOptional(),
      restarts: z.number(),
      residentBytes: z.number().exactOptional(),
      reason: z.string().exactOptional(),
      lastLines: z.array(z.string()).exactOptional(),
    }),
  ),
  inbox: z.object({ state, port: z.number(), reason: z.string().exactOptional() }).exactOptional(),
}) satisfies z.ZodType<DaemonStatus>;

/** Anything that is not ours is a bug (exit 70) and travels with its message. */
export function toWire(error: unknown): WireError[] {
  if (error instanceof LeitstandErrors) return error.errors.flatMap(toWire);
  if (error instanceof LeitstandError) {
    const { cause: _, ...details } = error.details;
    return [{ code: error.code, exit: error.exit, details }];
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return [{ code: 'LS-RUNTIME-011', exit: 130, details: { what: 'the change was cancelled' } }];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    { code: 'LS-RUNTIME-099', exit: 70, details: { what: 'the daemon failed', detail: text.split('\n') } },
  ];
}

export function fromWire(errors: readonly WireError[]): LeitstandError | LeitstandErrors {
  const all = errors.map(({ code, exit, details }) => new LeitstandError(code, exit, details));
  const [first] = all;
  return first && all.length === 1 ? first : new LeitstandErrors(all);
}
