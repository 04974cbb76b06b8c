import { createHash } from 'node:crypto';
import type { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';

/** PagerDuty/developer-docs, events-API-v2/02-Trigger-Events.md; keys of rulesets begin with R and are as long. */
export const KEY_LENGTH = 32;

/** Undefined: it may be the key of an integration. Never quotes the value. */
export function objectToKey(value: string): string | undefined {
  if (value.includes('${')) return 'it holds a `${`: a variable that nobody replaced';
  if (/^https?:/i.test(value)) return 'it is a URL';
  if (!/^[A-Za-z0-9]*$/.test(value))
    return 'it holds other characters than letters and digits, as a key of the REST API does';
  if (value.length === KEY_LENGTH) return undefined;
  return `it has ${value.length} characters and not ${KEY_LENGTH}`;
}

/** Throws LS-RECEIVER-010, which does not show the value. */
export function refuseOtherKeys(secret: Secret, whose: string): void {
  const why = objectToKey(secret.reveal());
  if (why === undefined) return;
  throw receiverErrors.error('LS-RECEIVER-010', {
    what: `${whose}: the ${secret.label} is not the key of an integration`,
    why,
    fix: `copy the Integration Key from *Integrations* of the PagerDuty service ("Events API v2") into the ${secret.label}`,
  });
}

/** By what a message is told from those for other services, which share the URL. */
export function recipientOf(routingKey: string): string {
  return `key-${sha256(routingKey).slice(0, 12)}`;
}

/**
 * The event without its key, also that of the Events API v1: as JSON still, with one of the same form in its place. What
 * was never replaced (`${…}`) is no secret, and stays to be seen.
 */
export function withoutKey(body: string): string {
  return body.replaceAll(
    /("(?:routing|service)_key"\s*:\s*")((?:[^"\\]|\\.)*)"/g,
    (whole, before: string, key: string) =>
      key.includes('${')
        ? whole
        : `${before}${sha256(key).slice(0, 12).padEnd(key.length, 'x').slice(0, key.length)}"`,
  );
}

/** Under which Alertmanager opens the incident of a group (notify/util.go there). */
export function dedupKeyOf(groupKey: string): string {
  return sha256(groupKey);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
