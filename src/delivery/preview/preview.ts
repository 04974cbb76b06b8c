import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import type { AnyReceiverPlugin, Integration } from '../../stack/receiver.ts';
import { formatVersion } from '../../stack/version.ts';
import { stackAlerting } from '../alerting.ts';
import { readMessage } from '../cards/message-page.ts';
import { type Casting, cast } from './alerts.ts';
import type { CasePreview, IntegrationPreview, NotShown, PreviewReport } from './report.ts';
import type { PreviewRequest } from './request.ts';
import { type Played, playScene, scenesOf } from './scene.ts';
import { objectionTo } from './stand-in.ts';
import { takeTurns } from './turns.ts';

/** Each Alertmanager takes 45 MB for its second. */
const AT_ONCE = 2;

/**
 * What each integration would send in each case, made by real Alertmanagers of the stack's version that live for a
 * moment and reach nobody. Rejects with LS-PREVIEW-001, LS-INBOX and LS-ALERTMANAGER errors; whatever happens, no
 * process and no file stays.
 */
export async function previewAlerts(request: PreviewRequest): Promise<PreviewReport> {
  const { clock, cases, program } = request;
  const start = clock.monotonic();
  const { castings, integrations, notShown } = castReceivers(request);
  const directory = await mkdtemp(join(request.scratchDir, 'leitstand-preview-'));
  try {
    const scenes = integrations.length === 0 ? [] : scenesOf(cases);
    const played = await takeTurns(scenes, AT_ONCE, request.signal, (scene, signal) =>
      playScene({ ...request, signal }, scene, {
        castings,
        integrations,
        directory: join(directory, scene.fires),
        inboxDirectory: join(directory, 'inbox'),
      }),
    );
    const previews = await Promise.all(
      integrations.map((integration) => previewOf(integration, played.flat(), request)),
    );
    return {
      alertmanager: formatVersion(program.version),
      exit: previews.some(isBad) ? EXIT.no : EXIT.ok,
      integrations: previews,
      notShown,
      elapsedMs: clock.monotonic() - start,
    };
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

/** Which integrations can be shown, and the alert for each of their receivers. */
function castReceivers({ stack, receivers, program, example, isRule, labels }: PreviewRequest) {
  const script = { example, isRule, asked: labels, routing: stack.routing, alerting: stackAlerting(stack) };
  const castings: Casting[] = [];
  const integrations: Integration[] = [];
  const notShown: NotShown[] = [];
  for (const receiver of receivers) {
    const casting = cast(receiver, script);
    if (!('why' in casting)) castings.push(casting);
    for (const integration of stack.integrations.filter((one) => one.receiver === receiver)) {
      const target = { alertmanager: program.version, secretPath: (name: string) => name };
      const why = 'why' in casting ? casting.why : objectionTo(integration, target);
      if (why === undefined) integrations.push(integration);
      else notShown.push({ ...identityOf(integration), why });
    }
  }
  return { castings, integrations, notShown };
}

async function previewOf(
  integration: Integration,
  played: readonly Played[],
  { cases, plugins }: PreviewRequest,
): Promise<IntegrationPreview> {
  const own = played.filter((one) => one.integration === integration);
  const inOrder = cases.flatMap((which) => own.find((one) => one.case === which) ?? []);
  return {
    ...identityOf(integration),
    ...(integration.place === undefined ? {} : { place: integration.place }),
    cases: await Promise.all(inOrder.map((one) => casePreviewOf(one, plugins))),
  };
}

async function casePreviewOf(
  { case: which, outcome }: Played,
  plugins: readonly AnyReceiverPlugin[],
): Promise<CasePreview> {
  if ('silent' in outcome) return { case: which, outcome: 'silent', why: outcome.silent };
  if ('why' in outcome) return { case: which, outcome: 'failed', why: outcome.why };
  const { receivedAt: _, recipient: _recipient, ...message } = outcome.message;
  const shown = await readMessage(message, plugins);
  return { case: which, outcome: message.accepted ? 'accepted' : 'refused', ...shown };
}

function isBad({ cases }: IntegrationPreview): boolean {
  return cases.some(({ outcome }) => outcome === 'failed' || outcome === 'refused');
}

function identityOf({ receiver, type, index }: Integration) {
  return { receiver, type, index };
}
