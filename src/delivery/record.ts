import type { DeliveryMode } from '../stack/delivery.ts';
import type { Alerting } from './alerting.ts';
import type { Probe } from './probe.ts';
import { deliveryClaim } from './proof.ts';
import type { IntegrationReport } from './report.ts';
import type { DeliveryRequest } from './request.ts';
import type { SeenReport } from './sightings.ts';

/** No fingerprint of any configuration. */
const NOT_IN_FORCE = 'of another configuration';
const NOT_OF_FILE = 'anything about leitstand.yaml: another configuration was in force';

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
    /** Something else ran than leitstand.yaml says. */
    readonly isOther: boolean;
  },
): void {
  if (!history) return;
  const { mode, nonce, probes, seen, isOther } = test;
  const integrations = test.integrations.filter((one) => !isOfNoUse(one, test.integrations));
  appendDeliveries({ history, clock }, mode, nonce, integrations);
  const receivers = new Set(probes.flatMap(({ receiver }) => receiver.split(', ')));
  // Alerts may be led to nobody on purpose: that is no receiver of whom anything is to be proven.
  for (const receiver of alerting.receivers.filter((name) => receivers.has(name))) {
    const own = integrations.filter((integration) => integration.receiver === receiver);
    history.proofs.append(
      deliveryClaim(receiver, own, {
        mode,
        fingerprint: isOther ? NOT_IN_FORCE : alerting.fingerprint(receiver),
        notProven: [...alerting.notProven, ...(isOther ? [NOT_OF_FILE] : [])],
        seenAfterMs: seen.find((one) => one.receiver.split(', ').includes(receiver))?.afterMs,
        ageLimitMs: proofAgeMs,
      }),
      clock.now(),
    );
  }
}

/** A route that takes nothing says nothing about its receiver, as long as another one leads there. */
function isOfNoUse(report: IntegrationReport, all: readonly IntegrationReport[]): boolean {
  const { receiver, route, verdict } = report;
  if (route === undefined || verdict !== 'NOT-ROUTED') return false;
  return all.some((other) => other.receiver === receiver && other.verdict !== 'NOT-ROUTED');
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
