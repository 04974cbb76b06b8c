import {
  defineReceiver,
  type Integration,
  type IntegrationPlace,
  type IntegrationTarget,
  type RenderedIntegration,
} from '../../stack/receiver.ts';
import { Secret } from '../../stack/secret.ts';
import { destinationUrl, objectToDestination } from '../destination.ts';
import { receiverErrors } from '../errors.ts';
import { textsIn } from '../own-texts.ts';
import { demandLanguage, demandVersion } from '../versions.ts';
import { FOREIGN_INTEGRATIONS, type ForeignIntegration, keysOf } from './integrations.ts';
import { type AlertmanagerConfig, alertmanagerSchema } from './schema.ts';
import { at, readSettings, renderSettings, revealed, secretsIn, type Tree } from './settings.ts';

type Settings = Readonly<Record<string, Tree>>;

export const alertmanager = defineReceiver({
  type: 'alertmanager',
  summary: 'Any other integration of Alertmanager (Teams, Telegram, Opsgenie, …), with its own settings.',
  schema: alertmanagerSchema,
  typeOf: ({ type }) => type,
  integration: foreignIntegration,
  objectToSecret: (key, value) => (key.endsWith('webhook_url') ? objectToDestination(value) : undefined),
});

function foreignIntegration({ type, settings }: AlertmanagerConfig, place: IntegrationPlace): Integration {
  const { receiver, index, resolve } = place;
  const known = knownIntegration(type);
  const whose = `receiver ${receiver}, ${type}[${index}]`;
  const tree = readSettings(settings, resolve) as Settings;
  const destination = destinationOf(tree, known, whose);
  demandValues(secretsIn(tree), whose);
  const shownPlace = placeOf(tree, known);
  const sendsResolved = tree['send_resolved'] ?? known.sendsResolved;
  return {
    receiver,
    type,
    index,
    sendsResolved: sendsResolved === true,
    ...(shownPlace === undefined ? {} : { place: shownPlace }),
    destination: () => destination,
    caFile: caFileIn(tree),
    secrets: () => secretsIn(tree),
    identity: () => ({ type, settings: revealed(tree) }),
    render: (target) => rendered(type, { ...tree, send_resolved: sendsResolved }, { place, whose, target }),
  };
}

function demandValues(secrets: readonly Secret[], whose: string): void {
  for (const secret of secrets)
    if (secret.reveal().includes('${'))
      throw receiverErrors.error('LS-RECEIVER-006', {
        what: `${whose}: the ${secret.label} is no value`,
        why: 'it holds a `${`: a variable that nobody replaced',
        fix: `write the value itself into the ${secret.label}`,
      });
}

function knownIntegration(type: string): ForeignIntegration {
  const known = FOREIGN_INTEGRATIONS[type];
  if (!known) throw new TypeError(`not accepted by the schema: ${type}`);
  return known;
}

/** Of a URL that is written: where there is none, Alertmanager knows one by itself. */
function destinationOf(tree: Settings, { address = '' }: ForeignIntegration, whose: string): URL | undefined {
  const value = tree[address];
  if (value instanceof Secret) return destinationUrl(value, whose);
  return typeof value === 'string' ? (URL.parse(value) ?? undefined) : undefined;
}

function placeOf(tree: Settings, { place = [] }: ForeignIntegration): string | undefined {
  const value = place
    .map((key) => tree[key])
    .find((one) => typeof one === 'string' || typeof one === 'number');
  return value === undefined ? undefined : String(value);
}

function caFileIn(tree: Settings): string | undefined {
  const file = at(tree, ['http_config', 'tls_config', 'ca_file']);
  return typeof file === 'string' ? file : undefined;
}

/** Nothing stands in for the provider: it is rendered as it is, for the inbox as well. */
function rendered(
  type: string,
  tree: Settings,
  { place, whose, target }: { place: IntegrationPlace; whose: string; target: IntegrationTarget },
): RenderedIntegration {
  const integration = knownIntegration(type);
  const { alertmanager: version, secretPath } = target;
  demandVersion(version, integration.since, {
    setting: `type: ${type}`,
    whose,
    instead: 'take the entry out',
  });
  const keys = keysOf(integration);
  for (const key of Object.keys(tree))
    demandVersion(version, keys.get(key) ?? integration.since, {
      setting: key,
      whose,
      instead: 'take the line out',
    });
  demandLanguage(
    version,
    textsIn(tree).map(({ text }) => text),
    whose,
  );
  const name = `${place.receiver}-${type}-${place.index}`;
  return {
    key: `${type}_configs`,
    ...renderSettings(tree, { integration, alertmanager: version, name, secretPath }),
  };
}
