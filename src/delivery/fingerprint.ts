import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../platform/canonical-json.ts';
import type { Stack } from '../stack/stack.ts';

/**
 * Of everything that decides whether and where a receiver is notified: a proof of another fingerprint says nothing
 * about today's configuration. A hash, since identities hold secrets.
 */
export function deliveryFingerprint({ routing, integrations }: Stack, receiver: string): string {
  const facts = {
    routes: routing.routes
      .filter((route) => route.receiver === receiver)
      .map(({ match, hours }) => ({
        // In any order they ask for the same.
        match: match
          .map(({ label, values }) => [label, ...[...values].sort()])
          .sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0)),
        hours:
          hours === undefined ? null : (JSON.parse(JSON.stringify(routing.hours[hours] ?? null)) as Json),
      })),
    isDefault: routing.default === receiver,
    integrations: integrations
      .filter((integration) => integration.receiver === receiver)
      .map((integration) => ({
        type: integration.type,
        index: integration.index,
        sendsResolved: integration.sendsResolved,
        identity: integration.identity(),
      })),
  };
  return createHash('sha256').update(canonicalJson(facts)).digest('hex').slice(0, 32);
}
