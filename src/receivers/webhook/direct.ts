import type { DirectMessage, DirectSender } from '../../stack/receiver.ts';
import { TEST_LABEL } from '../../stack/delivery.ts';
import { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';
import { askProvider, quoted } from '../exchange.ts';
import type { WebhookAddress } from './render.ts';
import type { WebhookConfig } from './schema.ts';

interface Way {
  readonly config: WebhookConfig;
  readonly address: WebhookAddress;
  readonly receiver: string;
  readonly whose: string;
}

/** One alert in the form of version 4, as Alertmanager would post it. */
export function webhookDirect({ config, address, receiver, whose }: Way): DirectSender {
  const login = loginOf(config, address);
  const { url, token, password } = address;
  const secrets = [url, token, password, login?.value].filter((secret) => secret !== undefined);
  return {
    send: async (message) => {
      const { status, body } = await askProvider({
        url: address.destination,
        whose,
        headers: login ? { authorization: `${login.scheme} ${login.value.reveal()}` } : {},
        body: messageBody(message, receiver),
        secrets,
        caFile: config.ca_file,
        signal: message.signal,
      });
      if (status >= 200 && status < 300) return `status ${status}`;
      throw receiverErrors.error('LS-RECEIVER-011', {
        what: `${whose}: ${address.destination.host} did not take the message: status ${status}`,
        why: `it answered ${quoted(body)}`,
        fix: fixFor(status),
      });
    },
  };
}

interface Login {
  /** Of the header `Authorization`. */
  readonly scheme: 'Bearer' | 'Basic';
  readonly value: Secret;
}

function loginOf({ username = '' }: WebhookConfig, { token, password }: WebhookAddress): Login | undefined {
  if (token) return { scheme: 'Bearer', value: token };
  if (!password) return undefined;
  const value = Buffer.from(`${username}:${password.reveal()}`).toString('base64');
  return { scheme: 'Basic', value: new Secret(value, password.label) };
}

function messageBody({ nonce, title, text }: DirectMessage, receiver: string) {
  const labels = { alertname: `LeitstandTest_${nonce}`, [TEST_LABEL]: nonce };
  const annotations = { summary: title, description: text };
  const startsAt = new Date().toISOString();
  return {
    version: '4',
    groupKey: `{}:{${TEST_LABEL}="${nonce}"}`,
    truncatedAlerts: 0,
    status: 'firing',
    receiver,
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: '',
    alerts: [
      {
        status: 'firing',
        labels,
        annotations,
        startsAt,
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: '',
        fingerprint: '0000000000000000',
      },
    ],
  };
}

function fixFor(status: number): string {
  if (status === 401 || status === 403)
    return 'check `bearer_token`, or `username` and `password`, and the token in the URL if there is one';
  if (status === 404 || status === 405) return 'check the path of the URL: it must take a POST';
  if (status >= 300 && status < 400) return 'use the URL it redirects to: Alertmanager posts to no other';
  if (status === 413) return 'set `max_alerts`, or let the program take longer messages';
  if (status >= 500) return 'look at the log of the program that takes the messages';
  return 'compare what the program expects with version 4 of the webhook: leitstand alert preview';
}
