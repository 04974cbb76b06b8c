import { defineReceiver, type Integration, type IntegrationPlace } from '../../stack/receiver.ts';
import { isAtLeast } from '../../stack/version.ts';
import { destinationUrl, sandboxSecret } from '../destination.ts';
import { webhookSandbox } from './sandbox.ts';
import { type WebhookConfig, webhookSchema } from './schema.ts';

/**
 * Before, a webhook's URL has to be in the configuration itself. 0.26 and 0.27 know `url_file` and crash with it as
 * soon as a send fails (prometheus/alertmanager#3798, fixed by #3800 in 0.28).
 */
const URL_FILE_SINCE = '0.28';

export const webhook = defineReceiver({
  type: 'webhook',
  summary: 'Any program that takes JSON by HTTP.',
  schema: webhookSchema,
  integration: webhookIntegration,
  sandbox: webhookSandbox,
});

function webhookIntegration(
  config: WebhookConfig,
  { receiver, index, resolve }: IntegrationPlace,
): Integration {
  const url = resolve(config.url);
  const destination = destinationUrl(url, `receiver ${receiver}, webhook[${index}]`);
  const secretName = `${receiver}-webhook-${index}`;
  const common = {
    send_resolved: config.send_resolved,
    ...(config.max_alerts === undefined ? {} : { max_alerts: config.max_alerts }),
  };
  return {
    receiver,
    type: 'webhook',
    index,
    sendsResolved: config.send_resolved,
    destination: () => destination,
    secrets: () => [url],
    identity: () => ({ url: url.reveal() }),
    render: ({ alertmanager, secretPath, sandbox }) => {
      const value = sandbox === undefined ? url : sandboxSecret(sandbox, '/webhook');
      return isAtLeast(alertmanager, URL_FILE_SINCE)
        ? {
            key: 'webhook_configs',
            config: { url_file: secretPath(secretName), ...common },
            secrets: [{ name: secretName, value }],
            inlineSecrets: [],
          }
        : {
            key: 'webhook_configs',
            config: { url: value.reveal(), ...common },
            secrets: [],
            inlineSecrets: [value],
          };
    },
  };
}
