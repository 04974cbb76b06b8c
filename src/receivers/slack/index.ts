import { defineReceiver, type Integration, type IntegrationPlace } from '../../stack/receiver.ts';
import type { Secret } from '../../stack/secret.ts';
import { destinationUrl, sandboxSecret } from '../destination.ts';
import { receiverErrors } from '../errors.ts';
import { slackSandbox } from './sandbox.ts';
import { type SlackConfig, slackSchema } from './schema.ts';
import { slackTexts } from './texts.ts';

export const slack = defineReceiver({
  type: 'slack',
  summary: 'A Slack channel, through an incoming webhook.',
  schema: slackSchema,
  integration: slackIntegration,
  sandbox: slackSandbox,
});

function slackIntegration(config: SlackConfig, place: IntegrationPlace): Integration {
  const { receiver, index, language, resolve } = place;
  const texts = slackTexts(language);
  const url = resolve(config.webhook_url);
  const destination = destinationUrl(url, `receiver ${receiver}, slack[${index}]`);
  refuseOtherSlackUrls(destination, url, `receiver ${receiver}, slack[${index}]`);
  const secretName = `${receiver}-slack-${index}`;
  return {
    receiver,
    type: 'slack',
    index,
    sendsResolved: config.send_resolved,
    ...(config.channel === undefined ? {} : { place: config.channel }),
    destination: () => destination,
    secrets: () => [url],
    identity: () => ({ url: url.reveal(), channel: config.channel ?? null }),
    render: ({ secretPath, sandbox }) => ({
      key: 'slack_configs',
      config: {
        // Read at every send, so that a changed secret needs no reload; known since 0.22.
        api_url_file: secretPath(secretName),
        ...(config.channel === undefined ? {} : { channel: config.channel }),
        send_resolved: config.send_resolved,
        title: config.title ?? texts.title,
        text: config.text ?? texts.text,
        fallback: texts.fallback,
      },
      secrets: [
        {
          name: secretName,
          value:
            sandbox === undefined
              ? url
              : sandboxSecret(sandbox, '/slack/services/T00000000/B00000000/preview'),
        },
      ],
      inlineSecrets: [],
    }),
  };
}

const SLACK_HOSTS: ReadonlySet<string> = new Set(['hooks.slack.com', 'hooks.slack-gov.com']);
const WEBHOOK_PATH = /^\/services\/T[A-Z0-9]+\/B[A-Z0-9]+\/[A-Za-z0-9]+$/;

/** Other hosts (the inbox, Mattermost, Rocket.Chat) speak the same with paths of their own. */
function refuseOtherSlackUrls({ hostname, pathname }: URL, secret: Secret, whose: string): void {
  if (!SLACK_HOSTS.has(hostname) || WEBHOOK_PATH.test(pathname)) return;
  throw receiverErrors.error('LS-RECEIVER-002', {
    what: `${whose}: the ${secret.label} is not the URL of an incoming webhook`,
    why: `its path on ${hostname} is not /services/T…/B…/…`,
    fix: `copy the whole Webhook URL from *Incoming Webhooks* at https://api.slack.com/apps into the ${secret.label}`,
  });
}
