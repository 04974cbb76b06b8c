import { parseDocument } from 'yaml';
import { type AlertmanagerApi, createAlertmanagerApi } from '../../components/alertmanager/api.ts';
import { LeitstandError } from '../../platform/errors.ts';
import { findFreePort } from '../../platform/ports.ts';
import type { Place, Plan } from '../../stack/plan.ts';
import type { Integration } from '../../stack/receiver.ts';
import type { Twin } from '../../stack/runtime.ts';
import type { Routing, Stack } from '../../stack/stack.ts';
import { previewErrors } from './errors.ts';
import type { PreviewRequest } from './request.ts';
import type { StandIn } from './stand-in.ts';

/** With which a runtime says that the program ended before it was ready. */
const PROGRAM_ENDED = 'LS-RUNTIME-002';

/** A real Alertmanager that lives for one run of cases and reaches nobody but the stand-ins. */
export interface Throwaway {
  readonly api: AlertmanagerApi;
  logTail(lines: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** Rejects with LS-PREVIEW-001 when it does not start. */
export async function startThrowaway(
  request: PreviewRequest,
  standIns: readonly StandIn[],
  directory: string,
): Promise<Throwaway> {
  const port = await findFreePort(0);
  const plan = request.plan(stackOf(request.stack, standIns), placeOf(request, directory, port));
  const twin = await start(request, onPort(plan, port), directory);
  return {
    api: createAlertmanagerApi(twin.url, request.signal),
    logTail: (lines) => twin.logTail(lines),
    stop: () => twin.stop(),
  };
}

async function start({ runtime, signal }: PreviewRequest, plan: Plan, directory: string): Promise<Twin> {
  try {
    return await runtime.startTwin({ plan, directory, signal });
  } catch (error) {
    if (!(error instanceof LeitstandError) || error.code !== PROGRAM_ENDED) throw error;
    throw previewErrors.error('LS-PREVIEW-001', {
      what: 'Alertmanager does not start with this configuration',
      why: 'its last lines are below',
      fix: 'correct what they name in leitstand.yaml: leitstand check',
      detail: error.details.detail,
      cause: error,
    });
  }
}

/**
 * Its messages are those of the stack; only the waiting is shorter. Routes are the same, since the key of a group, and
 * with it PagerDuty's key, holds their matchers.
 */
function stackOf(stack: Stack, standIns: readonly StandIn[]): Stack {
  return {
    ...stack,
    integrations: standIns.map(redirected),
    routing: withoutWaiting(stack.routing),
    // Alertmanager would tell the stack's inbox of what was sent.
    inbox: { ...stack.inbox, enabled: false },
  };
}

function redirected({ integration, address }: StandIn): Integration {
  return { ...integration, render: (target) => integration.render({ ...target, sandbox: address }) };
}

/** Nothing is held back for office hours, and no dead man's switch is pinged. */
function withoutWaiting(routing: Routing): Routing {
  const { watchdog: _, ...rest } = routing;
  return {
    ...rest,
    routes: rest.routes.map(({ match, receiver }) => ({ match, receiver })),
    groupWaitMs: 0,
    groupIntervalMs: 1_000,
  };
}

function placeOf({ runtime }: PreviewRequest, directory: string, port: number): Place {
  return {
    ...runtime.twinPlace(directory),
    listen: () => `127.0.0.1:${port}`,
    // Links in messages lead to the stack's own Alertmanager.
    externalUrl: (real) => runtime.place('alertmanager').externalUrl(real),
  };
}

function onPort(plan: Plan, port: number): Plan {
  return {
    ...plan,
    files: plan.files.map((file) =>
      file.path === 'alertmanager.yml' ? { ...file, content: withoutInhibitions(file.content) } : file,
    ),
    ports: [{ name: 'http', port }],
    ready: { ...plan.ready, port },
  };
}

/** The example for one receiver must not mute the one for another. */
function withoutInhibitions(content: string): string {
  const document = parseDocument(content);
  document.delete('inhibit_rules');
  return document.toString({ lineWidth: 0 });
}
