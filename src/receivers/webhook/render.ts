import { durationMs } from '../../platform/units.ts';
import type { SecretFile } from '../../stack/plan.ts';
import type { IntegrationPlace, IntegrationTarget, RenderedIntegration } from '../../stack/receiver.ts';
import type { Secret } from '../../stack/secret.ts';
import { isAtLeast } from '../../stack/version.ts';
import { sandboxSecret } from '../destination.ts';
import { httpClientConfig } from '../http-client.ts';
import { textsIn } from '../own-texts.ts';
import { demandLanguage, demandVersion } from '../versions.ts';
import { CUSTOM_PATH } from './sandbox.ts';
import type { WebhookConfig } from './schema.ts';

/**
 * Before, a webhook's URL has to be in the configuration itself. 0.26 and 0.27 know `url_file` and crash with it as
 * soon as a send fails (prometheus/alertmanager#3798, fixed by #3800 in 0.28).
 */
const URL_FILE_SINCE = '0.28';
/** prometheus/alertmanager CHANGELOG. */
const TIMEOUT_SINCE = '0.28';
const PAYLOAD_SINCE = '0.32';

export interface WebhookAddress {
  readonly url: Secret;
  readonly destination: URL;
  readonly token?: Secret;
  readonly password?: Secret;
}

interface Rendered {
  readonly config: WebhookConfig;
  readonly place: IntegrationPlace;
  readonly address: WebhookAddress;
  readonly whose: string;
}

export function renderWebhook(
  { config, place, address, whose }: Rendered,
  target: IntegrationTarget,
): RenderedIntegration {
  const { alertmanager, secretPath, sandbox } = target;
  refuseNewSettings(config, target, whose);
  const secretName = `${place.receiver}-webhook-${place.index}`;
  const inboxPath = config.payload === undefined ? '/webhook' : CUSTOM_PATH;
  const url = sandbox === undefined ? address.url : sandboxSecret(sandbox, inboxPath);
  const credentials = sandbox === undefined ? credentialFiles(config, address, secretName) : [];
  const client = sandbox === undefined ? clientConfig(config, credentials, target) : {};
  const readsFile = isAtLeast(alertmanager, URL_FILE_SINCE);
  return {
    key: 'webhook_configs',
    config: {
      ...(readsFile ? { url_file: secretPath(secretName) } : { url: url.reveal() }),
      send_resolved: config.send_resolved,
      ...(config.max_alerts === undefined ? {} : { max_alerts: config.max_alerts }),
      ...(config.timeout === undefined ? {} : { timeout: `${durationMs(config.timeout)}ms` }),
      ...(Object.keys(client).length === 0 ? {} : { http_config: client }),
      ...(config.payload === undefined ? {} : { payload: config.payload }),
    },
    secrets: [
      ...(readsFile ? [{ name: secretName, value: url }] : []),
      ...credentials.map(({ file }) => file),
    ],
    inlineSecrets: readsFile ? [] : [url],
  };
}

function refuseNewSettings(config: WebhookConfig, { alertmanager }: IntegrationTarget, whose: string): void {
  if (config.timeout !== undefined)
    demandVersion(alertmanager, TIMEOUT_SINCE, { setting: 'timeout', whose, instead: 'delete it' });
  if (config.payload !== undefined)
    demandVersion(alertmanager, PAYLOAD_SINCE, {
      setting: 'payload',
      whose,
      instead: 'let the program that takes it understand version 4',
    });
  demandLanguage(
    alertmanager,
    textsIn(config.payload).map(({ text }) => text),
    whose,
  );
}

interface Credential {
  readonly file: SecretFile;
  config(path: string): Record<string, unknown>;
}

/** Read at every send, in every version. */
function credentialFiles(
  { username }: WebhookConfig,
  { token, password }: WebhookAddress,
  secretName: string,
): readonly Credential[] {
  return [
    ...(token === undefined
      ? []
      : [
          {
            file: { name: `${secretName}-token`, value: token },
            config: (path: string) => ({ authorization: { credentials_file: path } }),
          },
        ]),
    ...(password === undefined
      ? []
      : [
          {
            file: { name: `${secretName}-password`, value: password },
            config: (path: string) => ({ basic_auth: { username, password_file: path } }),
          },
        ]),
  ];
}

function clientConfig(
  config: WebhookConfig,
  credentials: readonly Credential[],
  { secretPath }: IntegrationTarget,
): Record<string, unknown> {
  const parts = credentials.map((credential) => credential.config(secretPath(credential.file.name)));
  return Object.assign({}, ...parts, httpClientConfig(config)) as Record<string, unknown>;
}
