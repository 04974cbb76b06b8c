import { createHash } from 'node:crypto';
import {
  defineReceiver,
  type Integration,
  type IntegrationPlace,
  type IntegrationTarget,
  type RenderedIntegration,
} from '../../stack/receiver.ts';
import { Secret } from '../../stack/secret.ts';
import { isAtLeast } from '../../stack/version.ts';
import { sandboxSecret } from '../destination.ts';
import { HTTP_TIMEOUT, httpClientConfig } from '../http-client.ts';
import { textsIn } from '../own-texts.ts';
import { LINK_KINDS } from '../texts/links.ts';
import { WORDS } from '../texts/words.ts';
import { demandLanguage } from '../versions.ts';
import { pagerdutyCard } from './card.ts';
import { closeIncident, directSender } from './events.ts';
import { KEY_LENGTH, objectToKey, recipientOf, refuseOtherKeys } from './key.ts';
import { pagerdutyLimits } from './limits.ts';
import { pagerdutyReadBack } from './read-back.ts';
import { createPagerdutySandbox, SANDBOX_PATH } from './sandbox.ts';
import { apiUrlOf, EVENTS_URL, type PagerdutyConfig, pagerdutySchema } from './schema.ts';
import { pagerdutyTemplates, severityText, TEXT_MARK, testMark, use } from './texts.ts';

export const pagerduty = defineReceiver({
  type: 'pagerduty',
  summary: 'Somebody on call, through a service of PagerDuty.',
  schema: pagerdutySchema,
  integration: pagerdutyIntegration,
  sandbox: createPagerdutySandbox(),
  card: pagerdutyCard,
  limits: pagerdutyLimits,
  objectToSecret: (key, value) => (key === 'routing_key' ? objectToKey(value) : undefined),
  setup: {
    label: 'somebody on call, through PagerDuty',
    urgency: 'now',
    keys: [
      {
        key: 'routing_key',
        what: 'Integration key of an "Events API v2" integration of the PagerDuty service: 32 letters and digits',
        inbox: () => inboxKey('setup'),
        variable: 'PAGERDUTY_SERVICE_KEY',
        isSecret: true,
      },
      {
        key: 'url',
        what: 'where events are sent to: https://events.pagerduty.com/v2/enqueue; in the EU https://events.eu.pagerduty.com/v2/enqueue',
        inbox: (hostPort) => `http://${hostPort}${SANDBOX_PATH}`,
        variable: 'PAGERDUTY_URL',
        real: EVENTS_URL,
        isSecret: false,
      },
    ],
  },
});

function pagerdutyIntegration(config: PagerdutyConfig, place: IntegrationPlace): Integration {
  const { receiver, index, resolve } = place;
  const whose = `receiver ${receiver}, pagerduty[${index}]`;
  const routingKey = resolve(config.routing_key);
  refuseOtherKeys(routingKey, whose);
  const apiKey = config.read_back && resolve(config.read_back.api_key);
  const destination = new URL(config.url);
  const events = { url: destination, routingKey, whose, caFile: config.ca_file };
  return {
    receiver,
    type: 'pagerduty',
    index,
    sendsResolved: config.send_resolved,
    destination: () => destination,
    caFile: config.ca_file,
    recipient: recipientOf(routingKey.reveal()),
    secrets: () => [routingKey, ...(apiKey ? [apiKey] : [])],
    identity: () => ({ url: config.url, key: routingKey.reveal() }),
    render: (target) => {
      demandLanguage(target.alertmanager, ownTexts(config), whose);
      return rendered(config, place, routingKey, target);
    },
    ...(apiKey
      ? { readBack: pagerdutyReadBack({ url: apiUrlOf(config), apiKey, whose, caFile: config.ca_file }) }
      : {}),
    // Our own requests know no proxy. An incident that stays open is worth a try all the same.
    ...(config.proxy_url === undefined ? { direct: directSender(events) } : {}),
    close: (group) => closeIncident(events, group),
  };
}

function ownTexts({ summary, class: kind, component, group, details }: PagerdutyConfig): readonly string[] {
  return textsIn([summary, kind, component, group, details]).map(({ text }) => text);
}

function rendered(
  config: PagerdutyConfig,
  { receiver, index, language }: IntegrationPlace,
  routingKey: Secret,
  { alertmanager, secretPath, sandbox }: IntegrationTarget,
): RenderedIntegration {
  const secretName = `${receiver}-pagerduty-${index}`;
  const words = WORDS[language];
  return {
    key: 'pagerduty_configs',
    config: {
      // Read at every send, so that a changed key needs no reload; known since 0.25.
      routing_key_file: secretPath(secretName),
      url: sandbox === undefined ? config.url : sandboxSecret(sandbox, SANDBOX_PATH).reveal(),
      send_resolved: config.send_resolved,
      ...(sandbox === undefined ? { http_config: httpClientConfig(config) } : {}),
      ...(isAtLeast(alertmanager, HTTP_TIMEOUT.since) ? { timeout: HTTP_TIMEOUT.value } : {}),
      description: config.summary === undefined ? use('summary') : `${testMark(language)}${config.summary}`,
      severity: Object.keys(config.severity).length === 0 ? use('severity') : severityText(config.severity),
      source: use('source'),
      class: config.class ?? use('class'),
      component: config.component ?? use('component'),
      group: config.group ?? use('group'),
      client: 'Leitstand',
      client_url: use('client_url'),
      details: {
        impact: use('impact'),
        since: use('since'),
        workspace: use('workspace'),
        // In place of Alertmanager's own, which hold every alert in full.
        firing: use('firing'),
        resolved: use('resolved'),
        ...Object.fromEntries(
          Object.entries(config.details).map(([name, text]) => [name, `${TEXT_MARK}${text}`]),
        ),
      },
      links: LINK_KINDS.map((kind) => ({ href: use(kind), text: words[kind] })),
    },
    secrets: [{ name: secretName, value: sandbox === undefined ? routingKey : inboxSecret(secretName) }],
    inlineSecrets: [],
    templates: [pagerdutyTemplates(language)],
  };
}

function inboxSecret(name: string): Secret {
  return new Secret(inboxKey(name), 'key for the inbox');
}

/** Of the form that PagerDuty takes, the key of no service, and another one for each integration. */
function inboxKey(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, KEY_LENGTH);
}
