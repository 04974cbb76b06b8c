import { Hono } from 'hono';
import { z } from 'zod';
import type { LeitstandError } from '../platform/errors.ts';
import { residentBytes } from '../platform/process-table.ts';
import { desiredState, type DesiredState } from '../runtimes/native/desired.ts';
import { runtimeErrors } from '../runtimes/native/errors.ts';
import type { NativeLayout } from '../runtimes/native/layout.ts';
import { type ApplyLine, type DaemonStatus, toWire } from '../runtimes/native/protocol.ts';
import type { Supervisor } from '../runtimes/native/supervisor.ts';
import { daemonErrors } from './errors.ts';
import type { Duties } from './duties.ts';
import type { StateGuard } from './state-guard.ts';

export interface DaemonParts {
  readonly layout: NativeLayout;
  readonly supervisor: Supervisor;
  readonly duties: Duties;
  readonly guard: StateGuard;
  readonly version: string;
  /** UTC, ISO 8601. */
  readonly since: string;
  /** Aborted when the daemon ends. */
  readonly closing: AbortSignal;
  /** Called once everything is stopped and the answer is on its way. */
  onStopped(): void;
}

/** The daemon's interface: JSON over HTTP, for the socket that only the stack's owner can open. */
export function daemonApi(parts: DaemonParts): Hono {
  const app = new Hono();
  const gate = new Gate();
  app.get('/v1/status', async (c) => c.json(await readStatus(parts)));
  app.post('/v1/apply', async (c) => {
    const desired = desiredState.safeParse(await c.req.json().catch(() => undefined));
    if (!desired.success) return c.json(refusal(malformed(z.prettifyError(desired.error))), 400);
    const lost = await refuseLostState(parts);
    if (lost) return c.json(refusal(lost), 409);
    const leave = gate.enter('leitstand up');
    if (!leave) return c.json(refusal(gate.busy()), 409);
    return new Response(applyStream(parts, desired.data, c.req.raw.signal, leave), {
      headers: { 'content-type': 'application/jsonl' },
    });
  });
  app.post('/v1/stop', async (c) => {
    const lost = await refuseLostState(parts);
    if (lost) return c.json(refusal(lost), 409);
    const leave = gate.enter('leitstand down');
    if (!leave) return c.json(refusal(gate.busy()), 409);
    try {
      await parts.duties.closeInbox();
      const stopped = await parts.supervisor.stop();
      parts.onStopped();
      return c.json({ stopped });
    } catch (error) {
      return c.json({ errors: toWire(error) }, 500);
    } finally {
      leave();
    }
  });
  app.notFound((c) => c.json(refusal(malformed(`${c.req.method} ${c.req.path}`)), 404));
  app.onError((error, c) => c.json({ errors: toWire(error) }, 500));
  return app;
}

async function readStatus(parts: DaemonParts): Promise<DaemonStatus> {
  const inbox = parts.duties.inbox();
  const trouble = parts.duties.trouble();
  return {
    daemon: {
      pid: process.pid,
      since: parts.since,
      version: parts.version,
      residentBytes: (await residentBytes(process.pid)) ?? 0,
      ...(trouble === undefined ? {} : { trouble }),
    },
    components: await parts.supervisor.status(),
    ...(inbox ? { inbox } : {}),
  };
}

/** The change goes on when the caller goes away; only its waiting ends, so that the next change need not wait. */
function applyStream(
  parts: DaemonParts,
  desired: DesiredState,
  signal: AbortSignal,
  leave: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let gone = false;
  const cancelled = new AbortController();
  return new ReadableStream({
    start: async (controller) => {
      const say = (line: ApplyLine) => {
        if (!gone) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
      };
      const all = firstOf(signal, cancelled.signal, parts.closing);
      const last = await applyAll(parts, desired, say, all.signal);
      all.release();
      leave();
      say(last);
      if (!gone) controller.close();
    },
    cancel: () => {
      gone = true;
      cancelled.abort();
    },
  });
}

/** By hand: `AbortSignal.any` on a signal that lives as long as the daemon leaks (nodejs/node #54614). */
function firstOf(...signals: readonly AbortSignal[]) {
  const first = new AbortController();
  const abort = () => first.abort();
  for (const signal of signals) {
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  }
  const release = () => {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  };
  return { signal: first.signal, release };
}

async function applyAll(
  { supervisor, duties }: DaemonParts,
  desired: DesiredState,
  say: (line: ApplyLine) => void,
  signal: AbortSignal,
): Promise<ApplyLine> {
  try {
    const alongside = () => duties.converge(desired);
    return { type: 'result', actions: await supervisor.apply(desired, { onEvent: say, signal, alongside }) };
  } catch (error) {
    return { type: 'error', errors: toWire(error) };
  }
}

/** One change at a time: two at once could each undo half of the other. */
class Gate {
  #holder: string | undefined;

  enter(holder: string): (() => void) | undefined {
    if (this.#holder !== undefined) return undefined;
    this.#holder = holder;
    return () => {
      this.#holder = undefined;
    };
  }

  busy(): LeitstandError {
    return runtimeErrors.error('LS-RUNTIME-006', {
      what: `another change of this stack is under way: \`${this.#holder ?? 'leitstand'}\``,
      fix: 'wait until it has ended, then run the command again',
    });
  }
}

/** The change would go to a directory that is another's, or nobody's, by now. */
async function refuseLostState({ guard, layout }: DaemonParts): Promise<LeitstandError | undefined> {
  const loss = await guard.loss();
  return (
    loss &&
    daemonErrors.error('LS-DAEMON-005', {
      what: `the state directory ${layout.stateDir} ${loss === 'removed' ? 'was removed' : 'was moved or lost its lock'} while the daemon (pid ${process.pid}) served it`,
      why: 'the daemon ends now; nothing was changed',
      fix: 'run the command again in a few seconds',
    })
  );
}

function refusal(error: LeitstandError) {
  return { errors: toWire(error) };
}

function malformed(why: string): LeitstandError {
  return daemonErrors.error('LS-DAEMON-003', {
    what: 'the daemon does not understand the request',
    why,
    fix: 'leitstand down && leitstand up',
  });
}
