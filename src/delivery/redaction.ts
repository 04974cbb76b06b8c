import { redacted, secretParts } from '../stack/redaction.ts';
import type { Target } from './target.ts';

/**
 * The reason without the integration's secrets and its destination's path, query and credentials: a destination may
 * quote them in its answer, and Alertmanager logs the answer.
 */
export function withoutSecrets(reason: string, integration: Target): string {
  const destination = integration.destination();
  const secrets = integration.secrets().map((secret) => secret.reveal());
  return redacted(reason, [...(destination ? secretParts(destination) : []), ...secrets]);
}
