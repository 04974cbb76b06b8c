import type { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';

/** Hosts that take messages in a form of their own only, and the receiver that speaks it. */
const OTHERS: readonly (readonly [host: RegExp, name: string, receiver: string])[] = [
  [/^hooks\.slack(?:-gov)?\.com$/, 'Slack', '`slack:` with `webhook_url`'],
  [/(?:^|\.)discord(?:app)?\.com$/, 'Discord', '`alertmanager:` with `type: discord`'],
  [/(?:^|\.)webhook\.office\.com$/, 'Microsoft Teams', '`alertmanager:` with `type: msteamsv2`'],
  [/^events(?:\.eu)?\.pagerduty\.com$/, 'PagerDuty', '`pagerduty:` with `routing_key`'],
  [/^api\.telegram\.org$/, 'Telegram', '`alertmanager:` with `type: telegram`'],
];

/** Throws LS-RECEIVER-005 for a URL that takes no webhook of Alertmanager; a `payload` may be what it takes. */
export function refuseOtherServices({ hostname }: URL, secret: Secret, whose: string): void {
  const [, name, receiver] = OTHERS.find(([host]) => host.test(hostname)) ?? [];
  if (name === undefined || receiver === undefined) return;
  throw receiverErrors.error('LS-RECEIVER-005', {
    what: `${whose}: the ${secret.label} leads to ${name}, which does not understand Alertmanager's webhook`,
    why: `${hostname} takes messages in its own form and refuses every other`,
    fix: `write the receiver as ${receiver}`,
  });
}
