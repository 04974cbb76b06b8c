import { hostOf, nameOf, type Target } from '../target.ts';

/** What people can do about a reason. In a list the most telling words come first. */
export type Fix = readonly [pattern: RegExp, fix: (target: Target) => string];

/** An answer's status in a reason, or one of further words; never a part of an address: `127.0.0.1:587`. */
export function statusIn(statuses: string, ...words: readonly string[]): RegExp {
  return new RegExp([`(?<![\\w.:])(?:${statuses})\\b`, ...words].join('|'));
}

/** Where what must be corrected is kept: `the secret SLACK_WEBHOOK_URL`. */
export function secretOf(target: Target): string {
  if (target.attached) return `the credentials of ${nameOf(target)} in Alertmanager's configuration`;
  const labels = [...new Set(target.secrets().map(({ label }) => label))];
  return labels.length === 0
    ? `the settings of ${nameOf(target)}`
    : labels.map((label) => `the ${label}`).join(' and ');
}

/** How what was corrected gets into force. */
export function thenApply({ attached }: Target): string {
  return attached ? '; then Alertmanager has to reload' : '; then: leitstand up';
}

/** Where a setting stands: `smarthost of team email[0]`. */
export function settingOf(setting: string, target: Target): string {
  return `\`${setting}\` of ${nameOf(target)}${target.attached ? " in Alertmanager's configuration" : ' in leitstand.yaml'}`;
}

/** Without the port, for texts about its name. */
export function hostNameOf(target: Target): string {
  return target.destination()?.hostname ?? hostOf(target);
}

/** Where the destination's host stands: in a secret URL, or in the configuration. */
export function addressOf(target: Target): string {
  if (target.type === 'email') return settingOf('smarthost', target);
  // The key says not where it is used; all channels of a Slack app share one URL.
  if (target.type === 'pagerduty') return settingOf('url', target);
  if (target.type === 'slack' && target.recipient !== undefined) return settingOf('api_url', target);
  const host = target.destination()?.hostname;
  const isSecret = target.secrets().some((secret) => host !== undefined && secret.reveal().includes(host));
  return target.attached || isSecret
    ? secretOf(target)
    : `the settings of ${nameOf(target)} in leitstand.yaml`;
}

/** Command that shows what would be sent. */
export function previewOf({ receiver, attached }: Target): string {
  return `leitstand alert preview${attached ? '' : ` ${receiver}`}`;
}

/** Where Alertmanager says more. */
export function logOf({ attached }: Target): string {
  return attached ? "Alertmanager's own log" : '`leitstand logs alertmanager`';
}

export { hostOf, nameOf };
