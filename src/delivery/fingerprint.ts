import { createHash } from 'node:crypto';
import { canonicalJson } from '../platform/canonical-json.ts';
import type { Stack } from '../stack/stack.ts';

/**
 * Of everything that decides whether and where a receiver is notified: a proof of another fingerprint says nothing
 * about today's configuration. A hash, since destinations are secrets.
 */
export function deliveryFingerprint({ routing, integrations }: Stack, receiver: string): string {
  const facts = {
    severities: routing.severities
      .filter((route) => route.receiver === receiver)
      .map(({ severity }) => severity),
    isDefault: routing.default === receiver,
    integrations: integrations
      .filter((integration) => integration.receiver === receiver)
      .map((integration) => ({
        type: integration.type,
        index: integration.index,
        sendsResolved: integration.sendsResolved,
        destination: integration.destination().href,
      })),
  };
  return createHash('sha256').update(canonicalJson(facts)).digest('hex').slice(0, 32);
}
