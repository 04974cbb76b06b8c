import { defineReceiver, type Integration, type IntegrationPlace } from '../../stack/receiver.ts';
import { destinationUrl } from '../destination.ts';
import { slackCard } from './card.ts';
import { slackDirect } from './direct.ts';
import { slackLimits } from './limits.ts';
import { slackReadBack } from './read-back.ts';
import { renderSlack, type SlackWay } from './render.ts';
import { slackSandbox } from './sandbox.ts';
import { type SlackConfig, slackSchema } from './schema.ts';
import { objectToToken, refuseOtherTokens } from './token.ts';
import { objectToWebhookUrl, refuseOtherSlackUrls } from './webhook-url.ts';

export const slack = defineReceiver({
  type: 'slack',
  summary: 'A Slack channel, through an incoming webhook or with the token of an app.',
  schema: slackSchema,
  integration: slackIntegration,
  sandbox: slackSandbox,
  card: slackCard,
  limits: slackLimits,
  objectToSecret: (key, value) => (key === 'webhook_url' ? objectToWebhookUrl(value) : objectToToken(value)),
  setup: {
    label: 'a Slack channel',
    urgency: 'now',
    keys: [
      {
        key: 'webhook_url',
        variable: 'SLACK_WEBHOOK_URL',
        what: 'URL of a Slack incoming webhook: https://hooks.slack.com/services/T…/B…/…',
        inbox: (hostPort) => `http://${hostPort}/slack/services/T00INBOX0/B00INBOX0/inbox0inbox0inbox0inbox0`,
        isSecret: true,
      },
    ],
  },
});

function slackIntegration(config: SlackConfig, place: IntegrationPlace): Integration {
  const { receiver, index } = place;
  const whose = `receiver ${receiver}, slack[${index}]`;
  const way = wayOf(config, place, whose);
  const readToken = readTokenOf(config, place, whose);
  const direct = directOf(config, way, whose);
  return {
    receiver,
    type: 'slack',
    index,
    sendsResolved: config.send_resolved,
    ...(config.channel === undefined ? {} : { place: config.channel }),
    // All channels share the one URL.
    ...(way.kind === 'token' ? { recipient: way.channel } : {}),
    destination: () => way.url,
    caFile: config.ca_file,
    secrets: () => [way.secret, ...(readToken === undefined ? [] : [readToken])],
    identity: () => ({ url: way.url.href, secret: way.secret.reveal(), channel: config.channel ?? null }),
    render: (target) => renderSlack({ config, place, way, whose }, target),
    ...(direct === undefined ? {} : { direct }),
    ...(config.read_back === undefined || readToken === undefined
      ? {}
      : {
          readBack: slackReadBack({
            apiUrl: config.api_url.replace(/\/+$/, ''),
            token: readToken,
            channelId: config.read_back.channel_id,
            whose,
            caFile: config.ca_file,
          }),
        }),
  };
}

function wayOf(config: SlackConfig, { resolve }: IntegrationPlace, whose: string): SlackWay {
  const { webhook_url, app_token, channel = '', api_url } = config;
  if (webhook_url !== undefined) {
    const secret = resolve(webhook_url);
    const url = destinationUrl(secret, whose);
    refuseOtherSlackUrls(url, secret, whose);
    return { kind: 'webhook', url, secret };
  }
  if (app_token === undefined) throw new TypeError('not accepted by the schema');
  const secret = resolve(app_token);
  refuseOtherTokens(secret, whose);
  return { kind: 'token', url: new URL(`${api_url.replace(/\/+$/, '')}/chat.postMessage`), secret, channel };
}

function readTokenOf({ read_back, app_token }: SlackConfig, { resolve }: IntegrationPlace, whose: string) {
  const token = read_back && (read_back.token ?? app_token);
  if (token === undefined) return undefined;
  const secret = resolve(token);
  refuseOtherTokens(secret, whose);
  return secret;
}

/** Our own requests know no proxy. */
function directOf({ proxy_url, ca_file }: SlackConfig, way: SlackWay, whose: string) {
  if (proxy_url !== undefined) return undefined;
  return slackDirect({
    url: way.url,
    secret: way.secret,
    whose,
    caFile: ca_file,
    ...(way.kind === 'token' ? { channel: way.channel } : {}),
  });
}
