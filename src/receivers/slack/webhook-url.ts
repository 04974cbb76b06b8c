import type { Secret } from '../../stack/secret.ts';
import { objectToDestination } from '../destination.ts';
import { receiverErrors } from '../errors.ts';

const SLACK_HOSTS: ReadonlySet<string> = new Set(['hooks.slack.com', 'hooks.slack-gov.com']);
const WEBHOOK_PATH = /^\/services\/T[A-Z0-9]+\/B[A-Z0-9]+\/[A-Za-z0-9]+$/;

/** Other hosts (the inbox, Mattermost, Rocket.Chat) speak the same with paths of their own. */
function isOtherSlackUrl({ hostname, pathname }: URL): boolean {
  return SLACK_HOSTS.has(hostname) && !WEBHOOK_PATH.test(pathname);
}

/** Undefined: it may be the URL of an incoming webhook. Never quotes the value. */
export function objectToWebhookUrl(value: string): string | undefined {
  const problem = objectToDestination(value);
  if (problem !== undefined) return problem;
  const url = new URL(value);
  return isOtherSlackUrl(url) ? `its path on ${url.hostname} is not /services/T…/B…/…` : undefined;
}

/** Throws LS-RECEIVER-002. */
export function refuseOtherSlackUrls(url: URL, secret: Secret, whose: string): void {
  if (!isOtherSlackUrl(url)) return;
  throw receiverErrors.error('LS-RECEIVER-002', {
    what: `${whose}: the ${secret.label} is not the URL of an incoming webhook`,
    why: `its path on ${url.hostname} is not /services/T…/B…/…`,
    fix: `copy the whole Webhook URL from *Incoming Webhooks* at https://api.slack.com/apps into the ${secret.label}`,
  });
}
