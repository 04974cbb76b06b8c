import type { DeliveryMode } from '../stack/delivery.ts';
import type { Alerting } from './alerting.ts';
import type { Probe } from './probe.ts';
import { deliveryClaim } from './proof.ts';
import type { IntegrationReport } from './report.ts';
import type { DeliveryRequest } from './request.ts';
import type { SeenReport } from './sightings.ts';

type Recorder = Pick<DeliveryRequest, 'history' | 'clock' | 'proofAgeMs'>;

/** A delivery for each integration and a proof for each receiver. */
export function recordTest(
  { history, clock, proofAgeMs }: Recorder,
  alerting: Alerting,
  test: {
    readonly mode: DeliveryMode;
    readonly nonce: string;
    readonly probes: readonly Probe[];
    readonly integrations: readonly IntegrationReport[];
    readonly seen: readonly SeenReport[];
  },
): void {
  if (!history) return;
  const { mode, nonce, probes, integrations, seen } = test;
  appendDeliveries({ history, clock }, mode, nonce, integrations);
  const receivers = [...new Set(probes.flatMap(({ receiver }) => receiver.split(', ')))];
  for (const receiver of receivers) {
    const own = integrations.filter((integration) => integration.receiver === receiver);
    history.proofs.append(
      deliveryClaim(receiver, own, {
        mode,
        fingerprint: alerting.fingerprint(receiver),
        notProven: alerting.notProven,
        seenAfterMs: seen.find((one) => one.receiver.split(', ').includes(receiver))?.afterMs,
        ageLimitMs: proofAgeMs,
      }),
      clock.now(),
    );
  }
}

/** Past Alertmanager: no proof of a receiver. */
export function recordDirect(
  { history, clock }: Recorder,
  integrations: readonly IntegrationReport[],
  nonce: string,
): void {
  if (history) appendDeliveries({ history, clock }, 'direct', nonce, integrations);
}

function appendDeliveries(
  { history, clock }: Recorder,
  mode: DeliveryMode,
  nonce: string,
  integrations: readonly IntegrationReport[],
): void {
  const at = clock.now().toISOString();
  for (const one of integrations) {
    const { receiver, type, index, verdict, stage, reason, latencyMs, evidenceKind, message } = one;
    history?.deliveries.append({
      nonce,
      receiver,
      type,
      index,
      verdict,
      mode,
      at,
      ...(stage === undefined ? {} : { stage }),
      ...(reason === undefined ? {} : { reason }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
      ...(evidenceKind === undefined ? {} : { evidence: evidenceKind }),
      ...(message === undefined ? {} : { message }),
    });
  }
}
