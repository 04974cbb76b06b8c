import type { IntegrationPlace, IntegrationTarget, RenderedIntegration } from '../../stack/receiver.ts';
import { Secret } from '../../stack/secret.ts';
import { isAtLeast } from '../../stack/version.ts';
import { sandboxSecret } from '../destination.ts';
import { HTTP_TIMEOUT, httpClientConfig } from '../http-client.ts';
import { WORDS } from '../texts/words.ts';
import { demandLanguage, demandVersion } from '../versions.ts';
import { SANDBOX_API_PATH } from './sandbox.ts';
import type { SlackConfig } from './schema.ts';
import { slackTemplates } from './templates.ts';

/** How Slack is reached. */
export type SlackWay =
  | { readonly kind: 'webhook'; readonly url: URL; readonly secret: Secret }
  | {
      readonly kind: 'token';
      /** Of chat.postMessage. */
      readonly url: URL;
      readonly secret: Secret;
      readonly channel: string;
    };

/** First with `app_token_file` and `app_url` (prometheus/alertmanager CHANGELOG, 0.30). */
const APP_TOKEN_SINCE = '0.30';

interface Rendered {
  readonly config: SlackConfig;
  readonly place: IntegrationPlace;
  readonly way: SlackWay;
  readonly whose: string;
}

export function renderSlack(
  { config, place, way, whose }: Rendered,
  target: IntegrationTarget,
): RenderedIntegration {
  if (way.kind === 'token') {
    demandVersion(target.alertmanager, APP_TOKEN_SINCE, {
      setting: 'app_token',
      whose,
      instead: 'use `webhook_url`',
    });
  }
  demandLanguage(target.alertmanager, [config.title ?? '', config.text ?? ''], whose);
  const secretName = `${place.receiver}-slack-${place.index}`;
  return {
    key: 'slack_configs',
    config: {
      ...address(way, target, secretName),
      ...(config.channel === undefined ? {} : { channel: config.channel }),
      send_resolved: config.send_resolved,
      ...(target.sandbox === undefined ? { http_config: httpClientConfig(config) } : {}),
      ...(isAtLeast(target.alertmanager, HTTP_TIMEOUT.since) ? { timeout: HTTP_TIMEOUT.value } : {}),
      ...message(config, place),
    },
    secrets: [{ name: secretName, value: secretFor(way, target) }],
    inlineSecrets: [],
    templates: [slackTemplates(place.language)],
  };
}

/** Files are read at every send, so that a changed secret needs no reload; `api_url_file` is known since 0.22. */
function address(way: SlackWay, { secretPath, sandbox }: IntegrationTarget, secretName: string) {
  if (way.kind === 'webhook') return { api_url_file: secretPath(secretName) };
  return {
    app_token_file: secretPath(secretName),
    app_url: sandbox === undefined ? way.url.href : `http://${sandbox.hostPort}${SANDBOX_API_PATH}`,
    // The app's own name: another one needs a scope of its own (chat:write.customize).
    username: '',
  };
}

function secretFor(way: SlackWay, { sandbox }: IntegrationTarget): Secret {
  if (sandbox === undefined) return way.secret;
  return way.kind === 'webhook'
    ? sandboxSecret(sandbox, '/slack/services/T00000000/B00000000/preview')
    : new Secret('xoxb-inbox-inbox', 'token for the inbox');
}

function message({ title, text }: SlackConfig, { language }: IntegrationPlace) {
  const words = WORDS[language];
  return {
    color: part('color'),
    title: title === undefined ? part('title') : `${part('mark')}${title}`,
    text: text ?? part('text'),
    fallback: part('fallback'),
    short_fields: true,
    fields: [
      { title: words.workspace, value: part('workspace') },
      { title: words.instance, value: part('instance') },
      { title: words.since, value: part('since') },
    ],
    actions: (['runbook', 'dashboard', 'query', 'silence'] as const).map((name) => ({
      type: 'button',
      text: words[name],
      url: part(name),
    })),
  };
}

function part(name: string): string {
  return `{{ template "leitstand.slack.${name}" . }}`;
}
