import { EXIT, type ExitCode } from '../platform/exit-codes.ts';
import { LeitstandError } from '../platform/errors.ts';
import { TEST_ALERT_PREFIX } from '../stack/delivery.ts';
import type { Language } from '../stack/language.ts';
import { isInbox } from './arrivals.ts';
import { fixFor } from './fixes.ts';
import { probeTexts, testNonce } from './probe.ts';
import { recordDirect } from './record.ts';
import { withoutSecrets } from './redaction.ts';
import { type DeliveryReport, type IntegrationReport, reaches } from './report.ts';
import type { DeliveryRequest } from './request.ts';
import { hostOf, named, nameOf, type Target } from './target.ts';

/** How long our own inbox may take to keep what it has answered. */
const ARRIVAL_MS = 2_000;
const POLL_MS = 25;

/** What a message sent past Alertmanager leaves open; for people. */
const DIRECT_PROVES_NOT =
  'What is sent from here, past Alertmanager, proves the credentials only, and nothing about its routes, its templates, ' +
  'its secret files and its network. It counts as no proof of a receiver.';

type DirectRequest = Pick<
  DeliveryRequest,
  'alerting' | 'language' | 'inbox' | 'history' | 'clock' | 'random' | 'signal' | 'onProgress' | 'standard'
> & { readonly receivers: readonly string[] };

/**
 * Sends each integration one message from here, with the credentials of today's configuration. No proof is recorded.
 * Never rejects for what a provider says.
 */
export async function testDirectly(request: DirectRequest): Promise<DeliveryReport> {
  const { alerting, clock, receivers, standard = 'accepted' } = request;
  const started = clock.monotonic();
  const nonce = testNonce(request.random);
  const targets = receivers.flatMap((receiver) => alerting.targets(receiver));
  const able = targets.filter(({ direct }) => direct !== undefined);
  const integrations = await Promise.all(
    able.map((target, index) => sendTo(target, `${nonce}x${index}x`, request)),
  );
  request.signal?.throwIfAborted();
  recordDirect(request, integrations, nonce);
  return {
    mode: 'direct',
    nonce,
    exit: exitOf(integrations, standard),
    integrations,
    resolved: true,
    notPossible: targets.filter(({ direct }) => direct === undefined).map(notPossible),
    notes: able.length === 0 ? [] : [DIRECT_PROVES_NOT],
    elapsedMs: clock.monotonic() - started,
  };
}

/** Nothing could be sent: nothing is known. */
function exitOf(
  integrations: readonly IntegrationReport[],
  standard: NonNullable<DeliveryRequest['standard']>,
): ExitCode {
  if (integrations.length === 0) return EXIT.couldNotCheck;
  return integrations.every((one) => reaches(one, standard)) ? EXIT.ok : EXIT.no;
}

function notPossible(target: Target) {
  const why = target.attached
    ? 'its credentials are in the configuration of the attached Alertmanager, which does not show them'
    : `there is no way to send to ${target.type} but through Alertmanager`;
  return { ...named(target), why };
}

async function sendTo(target: Target, nonce: string, request: DirectRequest): Promise<IntegrationReport> {
  const { clock, language, onProgress, signal } = request;
  const sinceMessage = request.inbox?.messages.lastId() ?? 0;
  const sentAt = clock.now();
  let report: IntegrationReport;
  try {
    const word = await target.direct?.send({ nonce, ...textsFor(target, nonce, language), signal });
    const latencyMs = clock.now().getTime() - sentAt.getTime();
    const message = isInbox(request.inbox, target) ? await arrived(request, nonce, sinceMessage) : undefined;
    report = message
      ? {
          ...named(target),
          verdict: 'CONFIRMED',
          evidence: `inbox message ${message.id}`,
          evidenceKind: 'inbox',
          message: message.id,
          latencyMs,
        }
      : {
          ...named(target),
          verdict: 'ACCEPTED',
          evidence: `${hostOf(target)} answered: ${withoutSecrets(word ?? '', target)}`,
          evidenceKind: 'answer',
          latencyMs,
        };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof LeitstandError)) throw error;
    const { what, why, fix } = error.details;
    const reason = withoutSecrets([what, why].filter((text) => text !== undefined).join(': '), target);
    report = {
      ...named(target),
      verdict: 'FAILED',
      stage: 'receive',
      reason,
      fix: fix ?? fixFor(reason, target),
      evidenceKind: 'answer',
    };
  }
  onProgress({ type: 'step', text: `${nameOf(target)}: ${report.verdict}` });
  return report;
}

/** The mark stands in the title: what has none is taken for a real notification by the history of deliveries. */
function textsFor({ receiver }: Target, nonce: string, language: Language) {
  const { summary, description } = probeTexts(
    { receiver, nonce, integrations: [], routed: undefined },
    language,
  );
  return { title: `${summary} (${TEST_ALERT_PREFIX}${nonce})`, text: description };
}

async function arrived({ inbox, clock, signal }: DirectRequest, nonce: string, sinceMessage: number) {
  const deadline = clock.monotonic() + ARRIVAL_MS;
  for (;;) {
    const message = inbox?.messages.findByText(nonce, sinceMessage).find(({ accepted }) => accepted);
    if (message || clock.monotonic() > deadline) return message;
    await clock.sleep(POLL_MS, signal);
  }
}
