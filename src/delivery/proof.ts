import { type DeliveryMode, isGoodVerdict } from '../stack/delivery.ts';
import type { ProofClaim, Verdict } from '../stack/proof.ts';
import type { IntegrationReport } from './report.ts';

/** A week and a day: who tests each Monday is not told each Monday that it is too long ago. */
const AGE_LIMIT_MS = 8 * 86_400_000;

interface ClaimContext {
  readonly mode: DeliveryMode;
  readonly fingerprint: string;
  readonly notProven: readonly string[];
  /** Milliseconds until a person said that it was seen; undefined: nobody did. */
  readonly seenAfterMs?: number | undefined;
  readonly ageLimitMs?: number | undefined;
}

const METHODS: Readonly<Record<Exclude<DeliveryMode, 'direct'>, string>> = {
  alertmanager: 'a marked alert through the real Alertmanager, followed to each integration',
  prometheus: 'a marked alert raised by a rule of Prometheus, followed to each integration',
};

export function deliveryClaim(
  receiver: string,
  integrations: readonly IntegrationReport[],
  { mode, fingerprint, notProven, seenAfterMs, ageLimitMs = AGE_LIMIT_MS }: ClaimContext,
): ProofClaim {
  if (mode === 'direct') throw new TypeError('what goes past Alertmanager proves no receiver');
  const accepted = integrations.filter(({ verdict }) => verdict === 'ACCEPTED');
  return {
    kind: 'alert-delivery',
    subject: receiver,
    verdict: verdictOf(integrations),
    method: METHODS[mode],
    facts: {
      fingerprint,
      mode,
      integrations: integrations.map((one) => factsOf(one)),
      ...(seenAfterMs === undefined ? {} : { seenAfterMs }),
    },
    ageLimitMs,
    notProven: [
      ...(seenAfterMs === undefined ? ['that a person saw it'] : []),
      ...(mode === 'prometheus' ? [] : ['that Prometheus raises alerts and hands them over']),
      ...notProven,
      ...accepted.map(({ type, index }) => `that ${type}[${index}] shows it: the provider accepted it`),
    ],
  };
}

function factsOf({
  type,
  index,
  route,
  verdict,
  evidenceKind,
  stage,
  reason,
  latencyMs,
  copies,
  end,
}: IntegrationReport) {
  return {
    integration: `${type}[${index}]`,
    verdict,
    ...(route === undefined ? {} : { route }),
    ...(evidenceKind === undefined ? {} : { evidence: evidenceKind }),
    ...(stage === undefined ? {} : { stage }),
    ...(reason === undefined ? {} : { reason }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(copies === undefined ? {} : { copies }),
    ...(end === undefined ? {} : { endArrived: end.arrived }),
  };
}

function verdictOf(integrations: readonly IntegrationReport[]): Verdict {
  const isGood = ({ verdict }: IntegrationReport) => isGoodVerdict(verdict);
  if (integrations.length > 0 && integrations.every(isGood)) return 'proven';
  return integrations.every((one) => isGood(one) || one.verdict === 'SENT-UNCONFIRMED')
    ? 'unknown'
    : 'refuted';
}
