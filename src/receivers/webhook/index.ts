import { defineReceiver, type Integration, type IntegrationPlace } from '../../stack/receiver.ts';
import type { Secret } from '../../stack/secret.ts';
import { destinationUrl, objectToDestination } from '../destination.ts';
import { webhookCard } from './card.ts';
import { webhookDirect } from './direct.ts';
import { webhookLimits } from './limits.ts';
import { refuseOtherServices } from './other-services.ts';
import { renderWebhook, type WebhookAddress } from './render.ts';
import { webhookSandbox } from './sandbox.ts';
import { type WebhookConfig, webhookSchema } from './schema.ts';

export const webhook = defineReceiver({
  type: 'webhook',
  summary: 'Any program that takes JSON by HTTP.',
  schema: webhookSchema,
  integration: webhookIntegration,
  sandbox: webhookSandbox,
  card: webhookCard,
  limits: webhookLimits,
  objectToSecret: (key, value) => (key === 'url' ? objectToDestination(value) : objectToCredential(value)),
  setup: {
    label: 'a program, through a webhook',
    urgency: 'now',
    keys: [
      {
        key: 'url',
        variable: 'WEBHOOK_URL',
        what: "URL that takes Alertmanager's webhook messages",
        inbox: (hostPort) => `http://${hostPort}/webhook`,
        isSecret: true,
      },
    ],
  },
});

function webhookIntegration(config: WebhookConfig, place: IntegrationPlace): Integration {
  const { receiver, index } = place;
  const whose = `receiver ${receiver}, webhook[${index}]`;
  const address = addressOf(config, place, whose);
  const { url, token, password } = address;
  // Alertmanager alone renders templates, and our own requests know no proxy.
  const isDirect = config.payload === undefined && config.proxy_url === undefined;
  return {
    receiver,
    type: 'webhook',
    index,
    sendsResolved: config.send_resolved,
    destination: () => address.destination,
    caFile: config.ca_file,
    secrets: () => [url, token, password].filter((secret): secret is Secret => secret !== undefined),
    identity: () => ({
      url: url.reveal(),
      ...(token === undefined ? {} : { token: token.reveal() }),
      ...(password === undefined ? {} : { username: config.username ?? '', password: password.reveal() }),
    }),
    render: (target) => renderWebhook({ config, place, address, whose }, target),
    ...(isDirect ? { direct: webhookDirect({ config, address, receiver, whose }) } : {}),
  };
}

function addressOf(config: WebhookConfig, { resolve }: IntegrationPlace, whose: string): WebhookAddress {
  const url = resolve(config.url);
  const destination = destinationUrl(url, whose);
  const { bearer_token, password, payload } = config;
  if (payload === undefined) refuseOtherServices(destination, url, whose);
  return {
    url,
    destination,
    ...(bearer_token === undefined ? {} : { token: resolve(bearer_token) }),
    ...(password === undefined ? {} : { password: resolve(password) }),
  };
}

function objectToCredential(value: string): string | undefined {
  if (value.includes('${')) return 'it holds a `${`: a variable that nobody replaced';
  return /[\r\n]/.test(value) ? 'it has several lines' : undefined;
}
