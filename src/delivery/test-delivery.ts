import { type AlertmanagerApi, createAlertmanagerApi } from '../components/alertmanager/api.ts';
import { EXIT } from '../platform/exit-codes.ts';
import { TEST_LABEL } from '../stack/delivery.ts';
import { type Alerting, stackAlerting } from './alerting.ts';
import { followProbes } from './follow.ts';
import type { DeliveryRequest } from './request.ts';
import { makeProbes, type Probe, probeAlert } from './probe.ts';
import { deliveryClaim } from './proof.ts';
import { readCounters } from './counters.ts';
import { type DeliveryReport, type IntegrationReport, isProven } from './report.ts';

/**
 * Sends one marked alert for each receiver through the real Alertmanager, follows each integration to a verdict,
 * resolves the alerts whatever happened, and records proofs. Rejects with LS-ALERTMANAGER errors when the question
 * could not be put, and then records nothing.
 */
export async function testDelivery(request: DeliveryRequest): Promise<DeliveryReport> {
  const { clock, onProgress } = request;
  const alerting = request.alerting ?? stackAlerting(request.stack);
  const started = clock.monotonic();
  const nonce = Buffer.from(request.random(6)).toString('hex');
  const probes = makeProbes(alerting, request.receivers ?? alerting.receivers, nonce);
  const api = createAlertmanagerApi(request.alertmanagerUrl, request.signal);
  await api.assertReady();
  const before = readCounters(await api.metrics());
  const sinceMessage = request.inbox?.messages.lastId() ?? 0;
  const routed = probes.filter((probe) => probe.routed !== undefined);
  const postedAt = clock.now();
  let resolved = true;
  let integrations: IntegrationReport[];
  try {
    if (routed.length > 0)
      await api.post(
        routed.map((probe) => probeAlert(probe, postedAt, request.timeoutMs, request.stack.language)),
      );
    onProgress({ type: 'step', text: `posted ${routed.length} test alerts, marked ${nonce}` });
    integrations = await followProbes({ request, api, probes, before, sinceMessage, postedAt });
  } finally {
    // Without the signal: what was posted is taken back also when the test was cancelled.
    if (routed.length > 0)
      resolved = await resolveProbes(createAlertmanagerApi(request.alertmanagerUrl), routed, request);
  }
  record(request, alerting, probes, integrations, nonce);
  // A receiver without integrations reaches nobody.
  const complete = probes.length > 0 && probes.every((probe) => probe.integrations.length > 0);
  const exit = complete && integrations.every(isProven) ? EXIT.ok : EXIT.no;
  return { nonce, exit, integrations, resolved, elapsedMs: clock.monotonic() - started };
}

/** True when Alertmanager says that none of them fires any more. */
async function resolveProbes(
  api: AlertmanagerApi,
  probes: readonly Probe[],
  { clock, stack }: DeliveryRequest,
): Promise<boolean> {
  try {
    const now = clock.now();
    await api.post(probes.map((probe) => ({ ...probeAlert(probe, now, 0, stack.language), endsAt: now })));
    const firing = await Promise.all(probes.map(({ nonce }) => api.isFiring(TEST_LABEL, nonce)));
    return !firing.includes(true);
  } catch {
    // Said in the report; each alert carries an end of its own.
    return false;
  }
}

function record(
  { history, clock }: DeliveryRequest,
  alerting: Alerting,
  probes: readonly Probe[],
  integrations: readonly IntegrationReport[],
  nonce: string,
): void {
  const at = clock.now();
  const { notProven } = alerting;
  for (const { receiver, type, index, verdict, stage, reason, latencyMs } of integrations) {
    history.deliveries.append({
      nonce,
      receiver,
      type,
      index,
      verdict,
      at: at.toISOString(),
      ...(stage === undefined ? {} : { stage }),
      ...(reason === undefined ? {} : { reason }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    });
  }
  for (const { receiver } of probes) {
    const own = integrations.filter((integration) => integration.receiver === receiver);
    history.proofs.append(
      deliveryClaim(receiver, own, { fingerprint: alerting.fingerprint(receiver), notProven }),
      at,
    );
  }
}
