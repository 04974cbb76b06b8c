import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SecretReference } from '../../src/stack/secret.ts';
import { HEAD, inDirectory, load, loadIn } from './workplace.ts';

const WHOLE = `schema: 1
stack: rathaus-nord
state_dir: state
components:
  prometheus: {port: 9190, retention: 30d, memory: 1GiB}
  alertmanager:
receivers:
  on-call:
    webhook:
      - url: http://127.0.0.1:5001/webhook
    slack:
      - webhook_url: $\{secret:SLACK_WEBHOOK_URL}
        channel: '#monitoring-alerts'
  day:
    webhook:
      - url: http://127.0.0.1:5001/day
routing:
  severity: {critical: on-call, warning: day}
  default: day
  group_wait: 30s
inbox: {port: 5002}
backup: {directory: ../backups}
provision:
  sources: [go]
  paths: {prometheus: /opt/prometheus/prometheus}
  cache_dir: /var/cache/leitstand
`;

describe('a file that is right', () => {
  it('is read with its defaults filled in', async () => {
    const { document } = await load(WHOLE, { SLACK_WEBHOOK_URL: 'https://hooks.example/T/B/x' });
    expect(document).toEqual({
      schema: 1,
      stack: 'rathaus-nord',
      state_dir: 'state',
      components: {
        prometheus: {
          port: 9190,
          retention: '30d',
          scrape_interval: '15s',
          memory: '1GiB',
          labels: {},
          agent: false,
          shards: 1,
        },
        alertmanager: { port: 9093 },
      },
      receivers: {
        'on-call': {
          webhook: [{ url: 'http://127.0.0.1:5001/webhook' }],
          slack: [{ webhook_url: new SecretReference('SLACK_WEBHOOK_URL'), channel: '#monitoring-alerts' }],
        },
        day: { webhook: [{ url: 'http://127.0.0.1:5001/day' }] },
      },
      routing: {
        routes: [],
        severity: { critical: 'on-call', warning: 'day' },
        default: 'day',
        hours: {},
        group_wait: '30s',
        group_interval: '5m',
        repeat_interval: '4h',
      },
      inbox: { enabled: true, port: 5002 },
      alert_test: { schedule: '0 10 * * 1', location: 'UTC' },
      backup: {
        directory: '../backups',
        schedule: {
          location: 'UTC',
          jitter: '0s',
          backup: '0 2 * * *',
          verify: '0 4 * * *',
          drill: '0 5 * * 0',
          prune: '0 6 * * *',
        },
        retention: { days: 30, weeks: 0, months: 0, years: 0, sources: {} },
        verify: { days: 30 },
        metrics: { prefix: 'sva', service: 'monitoring' },
      },
      provision: {
        sources: ['go'],
        paths: { prometheus: '/opt/prometheus/prometheus' },
        cache_dir: '/var/cache/leitstand',
      },
      environment: 'local',
      language: 'en',
      scrape_jobs: [],
      rules: { files: [], alerts: {} },
      daemon: { port: 9470 },
      check: { waivers: [] },
    });
  });

  it('keeps the order of the file, which zod would replace by that of the schema', async () => {
    const { document } = await load(
      `${HEAD}components: {alertmanager: , prometheus: }\nreceivers: {z: {webhook: [{url: http://a/}], slack: [{webhook_url: x, channel: '#a'}]}, a: }\nrouting: {default: z}\n`,
    );
    expect(Object.keys(document.components)).toEqual(['alertmanager', 'prometheus']);
    expect(Object.keys(document.receivers)).toEqual(['z', 'a']);
    expect(Object.keys(document.receivers['z'] ?? {})).toEqual(['webhook', 'slack']);
  });

  it('needs nothing but a version, a name and components', async () => {
    const { document } = await load(`${HEAD}components:\n  prometheus:\n`);
    expect(document.routing).toEqual({
      routes: [],
      severity: {},
      hours: {},
      group_wait: '10s',
      group_interval: '5m',
      repeat_interval: '4h',
    });
    expect(document).toMatchObject({
      receivers: {},
      inbox: { enabled: true, port: 5001 },
      backup: {},
      provision: { paths: {} },
    });
  });

  it('may leave every mapping without required keys empty', async () => {
    const empty = 'receivers:\nrouting:\ninbox:\nbackup:\nprovision:\n  paths:\n';
    const { document } = await load(`${HEAD}components:\n  prometheus: null\n${empty}`);
    expect(document.inbox.port).toBe(5001);
  });

  it('may use anchors and aliases', async () => {
    const { document } = await load(
      `${HEAD}components:\n  prometheus: {retention: &time 3d, scrape_interval: *time}\n`,
    );
    expect(document.components['prometheus']).toMatchObject({ retention: '3d', scrape_interval: '3d' });
  });

  it('may have CRLF line ends and a byte order mark', async () => {
    const { document } = await load(`\uFEFF${HEAD}components:\n  prometheus:\n`.replaceAll('\n', '\r\n'));
    expect(document.stack).toBe('rathaus-nord');
  });

  it('is named with its absolute path and directory', async () => {
    await inDirectory({ 'leitstand.yaml': `${HEAD}components:\n` }, async (directory) => {
      const loaded = await loadIn(directory);
      expect(loaded.file).toBe(resolve(directory, 'leitstand.yaml'));
      expect(loaded.directory).toBe(directory);
      expect(loaded.text).toBe(`${HEAD}components:\n`);
    });
  });
});

describe('references to the environment', () => {
  const one = async (yaml: string, env: Record<string, string>, dotenv = '') =>
    (
      await load(
        `${HEAD}components:\n  prometheus:\n    ${yaml}\n`,
        env,
        dotenv === '' ? {} : { '.env': dotenv },
      )
    ).document.components['prometheus'];

  it('take the type that the field wants', async () => {
    const env = { PORT: '9191', AGENT: 'true', DAYS: '3', NAME: '12' };
    expect(await one('port: ${env:PORT}', env)).toMatchObject({ port: 9191 });
    expect(await one(`port: '$\{env:PORT}'`, env)).toMatchObject({ port: 9191 });
    expect(await one('agent: ${env:AGENT}', env)).toMatchObject({ agent: true });
    expect(await one('retention: ${env:DAYS}d', env)).toMatchObject({ retention: '3d' });
    expect(await one('labels: {a: "${env:NAME}"}', env)).toMatchObject({ labels: { a: '12' } });
    expect(await one('port: ${env:NOT_SET:-9292}', env)).toMatchObject({ port: 9292 });
  });

  it('look into the environment first, then into .env, then at the default', async () => {
    const line = 'labels: {a: "${env:WHERE:-default}"}';
    expect(await one(line, { WHERE: 'env' }, 'WHERE=file')).toMatchObject({ labels: { a: 'env' } });
    expect(await one(line, {}, 'WHERE=file')).toMatchObject({ labels: { a: 'file' } });
    expect(await one(line, {}, 'OTHER=1')).toMatchObject({ labels: { a: 'default' } });
    expect(await one(line, { WHERE: '' })).toMatchObject({ labels: { a: 'default' } });
  });

  it('leave an empty variable empty, keys alone, and $${ a plain ${', async () => {
    expect(await one('labels: {a: "<${env:EMPTY}>"}', { EMPTY: '' })).toMatchObject({ labels: { a: '<>' } });
    expect(await one('labels: {"${env:A}": b}', { A: 'x' })).toMatchObject({ labels: { '${env:A}': 'b' } });
    expect(await one('labels: {a: "$${env:A}$"}', { A: 'x' })).toMatchObject({
      labels: { a: '${env:A}$' },
    });
  });

  it('do not read .env when there is none of them', async () => {
    const files = { '.env': 'this is for another program' };
    await expect(load(`${HEAD}components:\n`, {}, files)).resolves.toBeDefined();
  });

  it('do not take what every object inherits for a variable', async () => {
    expect(await one('labels: {a: "${env:constructor:-no}"}', {})).toMatchObject({ labels: { a: 'no' } });
  });
});

describe('secrets', () => {
  const YAML = `${HEAD}components:\nreceivers:\n  a:\n    slack:\n      - {webhook_url: '$\{secret:URL}', channel: '#a'}\nrouting: {default: a}\n`;
  const value = async (env: Record<string, string>, files: Record<string, string>) => {
    const { document, resolveSecret } = await load(YAML, env, files);
    const slack = document.receivers['a']?.['slack']?.[0] as { webhook_url: SecretReference };
    expect(slack.webhook_url).toBeInstanceOf(SecretReference);
    const secret = resolveSecret(slack.webhook_url);
    expect(secret.label).toBe('secret URL');
    return secret.reveal();
  };

  it('come from secrets/NAME, then from the environment, then from .env', async () => {
    expect(await value({ URL: 'env' }, { 'secrets/URL': 'file\n', '.env': 'URL=dotenv' })).toBe('file');
    expect(await value({ URL: 'env' }, { '.env': 'URL=dotenv' })).toBe('env');
    expect(await value({}, { '.env': 'URL=dotenv' })).toBe('dotenv');
  });

  it('lose one newline at the end of their file and nothing else', async () => {
    expect(await value({}, { 'secrets/URL': ' a\nb \r\n' })).toBe(' a\nb ');
    expect(await value({}, { 'secrets/URL': 'a\n\n' })).toBe('a\n');
  });

  it('may be written into the file, where a number in the environment stays text', async () => {
    const { document, resolveSecret } = await load(YAML.replace('${secret:URL}', '${env:PIN}'), {
      PIN: '0123',
    });
    const slack = document.receivers['a']?.['slack']?.[0] as { webhook_url: string };
    expect(slack.webhook_url).toBe('0123');
    expect(resolveSecret(slack.webhook_url).reveal()).toBe('0123');
  });

  it('of another configuration are a bug', async () => {
    const { resolveSecret } = await load(`${HEAD}components:\n`);
    expect(() => resolveSecret(new SecretReference('URL'))).toThrow(TypeError);
  });
});

it('takes the path as it is given for messages', async () => {
  await inDirectory({}, async (directory) => {
    await expect(loadIn(join(directory, 'nowhere'))).rejects.toMatchObject({
      errors: [
        {
          code: 'LS-CONFIG-001',
          exit: 2,
          details: { where: { file: join(directory, 'nowhere', 'leitstand.yaml') } },
        },
      ],
    });
  });
});
