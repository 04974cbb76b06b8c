import type { ProofClaim, Verdict } from '../stack/proof.ts';
import { type IntegrationReport, isProven } from './report.ts';

/** A week: tests are run by hand or by cron, and a receiver that nobody tested for longer is not known to work. */
const AGE_LIMIT_MS = 7 * 86_400_000;

export function deliveryClaim(
  receiver: string,
  integrations: readonly IntegrationReport[],
  { fingerprint, notProven }: { readonly fingerprint: string; readonly notProven: readonly string[] },
): ProofClaim {
  const accepted = integrations.filter(({ verdict }) => verdict === 'ACCEPTED');
  return {
    kind: 'alert-delivery',
    subject: receiver,
    verdict: verdictOf(integrations),
    method: 'a marked alert through the real Alertmanager, followed to each integration',
    facts: {
      fingerprint,
      integrations: integrations.map(({ type, index, verdict, stage, reason, latencyMs }) => ({
        integration: `${type}[${index}]`,
        verdict,
        ...(stage === undefined ? {} : { stage }),
        ...(reason === undefined ? {} : { reason }),
        ...(latencyMs === undefined ? {} : { latencyMs }),
      })),
    },
    ageLimitMs: AGE_LIMIT_MS,
    notProven: [
      'that a person saw it',
      ...notProven,
      ...accepted.map(({ type, index }) => `that ${type}[${index}] shows it: the provider accepted it`),
    ],
  };
}

function verdictOf(integrations: readonly IntegrationReport[]): Verdict {
  if (integrations.length > 0 && integrations.every(isProven)) return 'proven';
  return integrations.every((one) => isProven(one) || one.verdict === 'SENT-UNCONFIRMED')
    ? 'unknown'
    : 'refuted';
}
