import { hostOf, nameOf, type Target } from '../target.ts';

/** What people can do about a reason. In a list the most telling words come first. */
export type Fix = readonly [pattern: RegExp, fix: (target: Target) => string];

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

/** Where Alertmanager says more. */
export function logOf({ attached }: Target): string {
  return attached ? "Alertmanager's own log" : '`leitstand logs alertmanager`';
}

export { hostOf, nameOf };
