import { redacted, secretParts } from '../stack/redaction.ts';
import type { Target } from './target.ts';

/**
 * The reason without the integration's secrets and its destination's path, query and credentials: a destination may
 * quote them in its answer, and Alertmanager logs the answer.
 */
export function withoutSecrets(reason: string, integration: Target): string {
  const secrets = integration.secrets().map((secret) => secret.reveal());
  return redacted(reason, [...partsOf(integration), ...secrets]);
}

function partsOf({ type, destination }: Target): readonly string[] {
  const url = destination();
  if (!url) return [];
  // The path of PagerDuty's is the same for everybody, and its words are those of files and messages.
  return type === 'pagerduty' ? [url.username, url.password] : secretParts(url);
}
