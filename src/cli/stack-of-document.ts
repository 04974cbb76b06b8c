import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { NEVER } from '../config/fields.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { ConfigDocument } from '../config/schema.ts';
import type { Json } from '../platform/canonical-json.ts';
import { cacheDirectory } from '../platform/environment.ts';
import { durationMs } from '../platform/units.ts';
import { ageLimitOf, longestGapMs } from '../schedule/age-limit.ts';
import type { AnyComponentPlugin } from '../stack/component.ts';
import { cliErrors } from './errors.ts';
import { inboxFiles } from '../inbox/place.ts';
import type { AnyReceiverPlugin, Integration, IntegrationPlace, SandboxAddress } from '../stack/receiver.ts';
import type { ResolveSecret } from '../stack/secret.ts';
import {
  type AlertTestSettings,
  type Attachment,
  BACKUP_JOBS,
  type BackupSchedule,
  type Route,
  type Routing,
  type S3Place,
  type Stack,
  type StorePlace,
  type WantedComponent,
} from '../stack/stack.ts';

interface Plugins {
  readonly components: ReadonlyMap<string, AnyComponentPlugin>;
  readonly receivers: ReadonlyMap<string, AnyReceiverPlugin>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The accepted file as the frozen stack that everything works on: units in numbers, paths absolute. */
export function stackOf(config: LoadedConfig, plugins: Plugins): Stack {
  const { document, directory } = config;
  const stateDir = resolve(directory, document.state_dir ?? '.leitstand');
  const names = Object.keys(document.receivers);
  const inbox = { hostPort: `127.0.0.1:${document.inbox.port}`, caFile: inboxFiles(stateDir).caFile };
  return Object.freeze({
    name: document.stack,
    file: config.file,
    environment: document.environment,
    isEnvironmentChosen: config.isEnvironmentChosen,
    language: document.language,
    stateDir,
    runtime: document.attach === undefined ? 'native' : 'external',
    components: wantedComponents(config, plugins),
    integrations: integrationsOf(config, plugins, inbox),
    receivers: names,
    routing: routingOf(document, names[0] ?? '', plugins, placeIn(config, inbox)),
    // Beside programs of others nothing runs by itself: `leitstand inbox serve` opens it.
    inbox: document.attach === undefined ? document.inbox : { ...document.inbox, enabled: false },
    alertTest: alertTestOf(document),
    daemon: document.daemon,
    scrapeJobs: document.scrape_jobs as Readonly<Record<string, Json>>[],
    rules: {
      files: document.rules.files.map((file) => resolve(directory, file)),
      alerts: document.rules.alerts,
      runbookBaseUrl: document.rules.runbook_base_url?.replace(/\/+$/, ''),
    },
    waivers: document.check.waivers,
    backup: {
      store: storeOf(config, stateDir, plugins),
      recoveryKeys: document.backup.recovery_keys ?? [],
      schedule: backupScheduleOf(document),
      ...retentionOf(document),
    },
    provision: {
      sources: document.provision.sources,
      paths: document.provision.paths,
      cacheDir: document.provision.cache_dir ?? cacheDirectory(plugins.env, homedir()),
      mirror: document.provision.mirror,
    },
    resolveSecret: config.resolveSecret,
  } satisfies Stack);
}

/** A stack of which only its name and its places are known: no components, no receivers. */
export function emptyStack(
  name: string,
  file: string,
  stateDir: string,
): Omit<Stack, 'backup' | 'provision'> {
  return {
    name,
    file,
    environment: 'local',
    isEnvironmentChosen: false,
    language: 'en',
    stateDir,
    runtime: 'native',
    components: [],
    integrations: [],
    receivers: [],
    routing: { routes: [], default: '', hours: {}, groupWaitMs: 0, groupIntervalMs: 0, repeatIntervalMs: 0 },
    inbox: { enabled: false, port: 0 },
    alertTest: { enabled: false, schedule: '0 10 * * 1', location: 'UTC', maxAgeMs: 8 * 86_400_000 },
    daemon: { port: 0 },
    scrapeJobs: [],
    rules: { files: [], alerts: {} },
    waivers: [],
    resolveSecret: () => {
      throw new TypeError('a stack of which only the places are known has no secrets');
    },
  };
}

function alertTestOf({ alert_test, environment, attach }: ConfigDocument): AlertTestSettings {
  const { enabled = environment !== 'local', schedule, location, max_age, public_url } = alert_test;
  return {
    // Beside programs of others no daemon runs: who wants it uses cron.
    enabled: enabled && attach === undefined,
    schedule,
    location,
    maxAgeMs: max_age === undefined ? ageLimitOf(schedule, location) : durationMs(max_age),
    publicUrl: public_url?.replace(/\/+$/, ''),
  };
}

function wantedComponents(config: LoadedConfig, { components }: Plugins): WantedComponent[] {
  const { document, resolveSecret } = config;
  const wanted = Object.entries(document.components).map(([name, settings]) => {
    const { version } = settings as { readonly version?: string };
    return { name, config: settings, ...(version === undefined ? {} : { version }) };
  });
  const attached = Object.entries(document.attach ?? {}).flatMap(([name, place]) =>
    place === undefined
      ? []
      : [
          {
            name,
            config: components.get(name)?.schema.parse({}) ?? {},
            attached: attachmentOf(place, resolveSecret),
          },
        ],
  );
  return [...wanted, ...attached];
}

function retentionOf({ backup }: ConfigDocument) {
  const { sources, ...retention } = backup.retention;
  return { retention, retentionOf: sources, verify: backup.verify, metrics: backup.metrics };
}

function backupScheduleOf({ backup, environment, attach }: ConfigDocument): BackupSchedule {
  const { enabled = environment !== 'local', location, jitter, ...settings } = backup.schedule;
  const times: BackupSchedule['times'] = Object.fromEntries(
    BACKUP_JOBS.flatMap((job) => (settings[job] === NEVER ? [] : [[job, settings[job]]])),
  );
  const ageOf = (time: string | undefined, slackMs: number) =>
    time === undefined ? undefined : longestGapMs(time, location) + slackMs;
  return {
    // Beside programs of others no daemon runs.
    enabled: enabled && attach === undefined,
    location,
    jitterMs: durationMs(jitter),
    times,
    maxAgeMs: {
      backup: ageOf(times.backup, 2 * HOUR_MS),
      drill: ageOf(times.drill, 24 * HOUR_MS),
      verify: ageOf(times.verify, 26 * HOUR_MS),
    },
  };
}

const HOUR_MS = 3_600_000;

function storeOf(config: LoadedConfig, stateDir: string, plugins: Plugins): StorePlace {
  const { document, directory } = config;
  const { s3, directory: path } = document.backup;
  if (s3 === undefined)
    return {
      kind: 'directory',
      path: path === undefined ? join(stateDir, 'repository') : resolve(directory, path),
    };
  return {
    kind: 's3',
    bucket: s3.bucket,
    prefix: s3.prefix.replaceAll(/^\/+|\/+$/g, ''),
    ...(s3.component === undefined ? elsewhere(s3, config) : ofComponent(s3.component, config, plugins)),
    storageClass: s3.storage_class,
    encryption: s3.encryption,
    kmsKeyId: s3.kms_key_id,
    objectLock: s3.object_lock,
  };
}

type S3Document = NonNullable<ConfigDocument['backup']['s3']>;

function elsewhere(s3: S3Document, { directory, resolveSecret }: LoadedConfig): Partial<S3Place> {
  const { access_key_id: id, secret_access_key: key } = s3;
  return {
    region: s3.region,
    endpoint: s3.endpoint,
    pathStyle: s3.path_style,
    credentials:
      id === undefined || key === undefined
        ? undefined
        : { accessKeyId: resolveSecret(id), secretAccessKey: resolveSecret(key) },
    caFile: s3.ca_file === undefined ? undefined : resolve(directory, s3.ca_file),
  };
}

/** On loopback, where this stack's components are. */
function ofComponent(
  component: string,
  { document, file, resolveSecret }: LoadedConfig,
  { components }: Plugins,
): Partial<S3Place> {
  const access = components.get(component)?.buckets?.(document.components[component]);
  if (!access) {
    const able = [...components.values()].flatMap(({ name, buckets }) => (buckets ? [name] : []));
    throw cliErrors.error('LS-CLI-005', {
      what: `backup.s3.component is ${component}, which has no buckets`,
      where: { file },
      fix: `name one that has: ${able.join(', ')}`,
    });
  }
  return {
    component,
    region: access.region,
    endpoint: `http://127.0.0.1:${access.port}`,
    pathStyle: true,
    credentials: {
      accessKeyId: resolveSecret(access.accessKey),
      secretAccessKey: resolveSecret(access.secretKey),
    },
  };
}

type Attached = NonNullable<ConfigDocument['attach']>;
type AttachedPlace = NonNullable<Attached['prometheus'] | Attached['alertmanager']>;

function attachmentOf(place: AttachedPlace, resolveSecret: ResolveSecret): Attachment {
  return {
    url: place.url.replace(/\/+$/, ''),
    dataDir: place.data_dir,
    configFile: place.config_file,
    username: place.username,
    password: place.password === undefined ? undefined : resolveSecret(place.password),
    bearerToken: place.bearer_token === undefined ? undefined : resolveSecret(place.bearer_token),
    caFile: place.ca_file,
    ...('peers' in place ? { peers: place.peers?.map((peer) => peer.replace(/\/+$/, '')) } : {}),
  };
}

/** Of a receiver that Leitstand names itself; no receiver of a user can be named so. */
const WATCHDOG_RECEIVER = '(watchdog)';

/** What every integration of the file has in common. */
function placeIn({ document, resolveSecret }: LoadedConfig, inbox: SandboxAddress) {
  return { language: document.language, inbox, resolve: resolveSecret };
}

function integrationsOf(config: LoadedConfig, { receivers }: Plugins, inbox: SandboxAddress): Integration[] {
  const place = placeIn(config, inbox);
  const integrations: Integration[] = [];
  for (const [receiver, types] of Object.entries(config.document.receivers)) {
    const counts = new Map<string, number>();
    for (const [key, list] of Object.entries(types)) {
      const plugin = receivers.get(key);
      for (const settings of list as readonly unknown[]) {
        if (!plugin) continue;
        const type = plugin.typeOf?.(settings) ?? plugin.type;
        const index = counts.get(type) ?? 0;
        counts.set(type, index + 1);
        integrations.push(plugin.integration(settings, { ...place, receiver, index }));
      }
    }
  }
  return integrations;
}

function routingOf(
  { routing }: ConfigDocument,
  first: string,
  { receivers }: Plugins,
  place: Omit<IntegrationPlace, 'receiver' | 'index'>,
): Routing {
  const pinger = receivers.get('webhook');
  return {
    routes: [
      ...routing.routes.flatMap(({ match, severity, receiver }) => {
        const labels = Object.entries(match).map(([label, value]) => ({
          label,
          values: typeof value === 'string' ? [value] : value,
        }));
        return [
          ...severityRoutes(severity).map((route) => ({ ...route, match: [...labels, ...route.match] })),
          ...(receiver === undefined ? [] : [{ match: labels, receiver }]),
        ];
      }),
      ...severityRoutes(routing.severity),
    ],
    default: routing.default ?? first,
    hours: Object.fromEntries(
      Object.entries(routing.hours).map(([name, { times, weekdays, days_of_month, months, location }]) => [
        name,
        {
          times: times.map((text) => {
            const [from = '', to = ''] = text.split('-').map((time) => time.trim());
            return { from, to };
          }),
          weekdays,
          daysOfMonth: days_of_month.map(String),
          months: months.map(String),
          location,
        },
      ]),
    ),
    ...(routing.watchdog && pinger
      ? {
          watchdog: pinger.integration(
            pinger.schema.parse({ url: routing.watchdog.url, send_resolved: false }),
            { ...place, receiver: WATCHDOG_RECEIVER, index: 0 },
          ),
        }
      : {}),
    groupWaitMs: durationMs(routing.group_wait),
    groupIntervalMs: durationMs(routing.group_interval),
    repeatIntervalMs: durationMs(routing.repeat_interval),
  };
}

function severityRoutes(severities: ConfigDocument['routing']['severity']): Route[] {
  return Object.entries(severities).map(([severity, wanted]) => ({
    match: [{ label: 'severity', values: [severity] }],
    ...(typeof wanted === 'string' ? { receiver: wanted } : wanted),
  }));
}
