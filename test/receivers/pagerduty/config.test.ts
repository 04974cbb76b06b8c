import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { pagerduty } from '../../../src/receivers/pagerduty/index.ts';
import { LeitstandErrors } from '../../../src/platform/errors.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { inDirectory } from '../../config/workplace.ts';

const KEY = 'e93facc04764012d7bfb002500d5d1a6';
const version = (minor: number) => ({ major: 0, minor, patch: 0 });
const secretPath = (name: string) => `/run/secrets/${name}`;

function load(entry: string, env: string) {
  const yaml = `schema: 1\nstack: rathaus-nord\nreceivers:\n  on-call:\n    pagerduty:\n${entry}routing: {default: on-call}\n`;
  return inDirectory({ 'leitstand.yaml': yaml, '.env': env }, async (directory) => {
    const schemas = { components: {}, receivers: { pagerduty: pagerduty.schema } };
    try {
      return await loadConfig({ file: `${directory}/leitstand.yaml`, schemas, env: {} });
    } catch (error) {
      if (error instanceof LeitstandErrors) return error.errors.map(({ details }) => details);
      throw error;
    }
  });
}

describe('in leitstand.yaml', () => {
  it("takes the mission's name for the secret as routing_key", async () => {
    const config = await load(
      '      - routing_key: ${secret:PAGERDUTY_SERVICE_KEY}\n',
      `PAGERDUTY_SERVICE_KEY=${KEY}\n`,
    );
    if (Array.isArray(config)) throw new Error(JSON.stringify(config));
    if (!('document' in config)) throw new Error('not loaded');
    const [entry] = config.document.receivers['on-call']?.['pagerduty'] ?? [];
    const integration = pagerduty.integration(entry, {
      receiver: 'on-call',
      index: 0,
      language: 'en',
      inbox: { hostPort: '127.0.0.1:5001', caFile: '/ca.pem' },
      resolve: config.resolveSecret,
    });
    expect(integration.destination()?.href).toBe('https://events.pagerduty.com/v2/enqueue');
    expect(integration.secrets().map((one) => one.reveal())).toEqual([KEY]);
  });

  it('refuses service_key with the way to the Events API v2, and shows no value', async () => {
    const mistakes = await load(`      - service_key: ${KEY}\n`, '');
    expect(mistakes).toEqual([
      expect.objectContaining({
        what: expect.stringContaining('lacks the key `routing_key`'),
        fix: expect.stringContaining('routing_key: ${secret:NAME}'),
      }),
      expect.objectContaining({
        what: expect.stringMatching(
          /pagerduty\[0\]\.service_key is for the Events API v1, which knows no severity/,
        ),
        fix: expect.stringContaining('`routing_key: ${secret:PAGERDUTY_SERVICE_KEY}`'),
      }),
    ]);
    expect(JSON.stringify(mistakes)).not.toContain(KEY);
  });

  it.each([
    ['url: https://events.pagerduty.com', 'takes no events', '/v2/enqueue'],
    [
      'url: https://events.pagerduty.com/generic/2010-04-15/create_event.json',
      'takes no events',
      'events.eu',
    ],
    ['details: {team: "{{ .CommonLabels.team }"}', 'details.team has `{{ .CommonLabels.team }`', 'close it'],
    ['severity: {page: fatal}', 'not one of: critical, warning, error, info', ''],
  ])('refuses %s', async (line, what, fix) => {
    const [mistake] = (await load(`      - routing_key: ${KEY}\n        ${line}\n`, '')) as readonly {
      readonly what: string;
      readonly fix?: string;
    }[];
    expect(mistake?.what).toContain(what);
    expect(mistake?.fix).toContain(fix);
  });
});

describe('what is rendered', () => {
  it('a file for Alertmanager that says all, and is short', () => {
    const { config } = makeIntegration('pagerduty', { routing_key: KEY }).render({
      alertmanager: version(31),
      secretPath,
    });
    expect(config).toEqual({
      routing_key_file: '/run/secrets/on-call-pagerduty-0',
      url: 'https://events.pagerduty.com/v2/enqueue',
      send_resolved: true,
      http_config: { follow_redirects: false },
      timeout: '10s',
      description: '{{ template "leitstand.pagerduty.summary" . }}',
      severity: '{{ template "leitstand.pagerduty.severity" . }}',
      source: '{{ template "leitstand.pagerduty.source" . }}',
      class: '{{ template "leitstand.pagerduty.class" . }}',
      component: '{{ template "leitstand.pagerduty.component" . }}',
      group: '{{ template "leitstand.pagerduty.group" . }}',
      client: 'Leitstand',
      client_url: '{{ template "leitstand.pagerduty.client_url" . }}',
      details: Object.fromEntries(
        ['impact', 'since', 'workspace', 'firing', 'resolved'].map((name) => [
          name,
          `{{ template "leitstand.pagerduty.${name}" . }}`,
        ]),
      ),
      links: ['seen', 'runbook', 'dashboard', 'query', 'silence'].map((name) => ({
        href: `{{ template "leitstand.pagerduty.${name}" . }}`,
        text: expect.stringMatching(/\w/),
      })),
    });
  });

  it('no function that Alertmanager does not have yet', () => {
    const integration = makeIntegration('pagerduty', { routing_key: KEY, details: { at: '{{ now }}' } });
    expect(() => integration.render({ alertmanager: version(32), secretPath })).toThrow(
      expect.objectContaining({ code: 'LS-RECEIVER-003', exit: 2 }),
    );
    expect(() => integration.render({ alertmanager: version(33), secretPath })).not.toThrow();
  });

  it('nothing that an older Alertmanager does not know', () => {
    const { config } = makeIntegration('pagerduty', { routing_key: KEY }).render({
      alertmanager: version(25),
      secretPath,
    });
    expect(config).not.toHaveProperty('timeout');
  });

  it('goes to the inbox with a key of the right form, another one for each integration', () => {
    const sandbox = { hostPort: '127.0.0.1:7', caFile: '/ca.pem' };
    const keys = [0, 1].map((index) => {
      const integration = makeIntegration('pagerduty', { routing_key: KEY }, 'on-call', index);
      const { config, secrets } = integration.render({ alertmanager: version(31), secretPath, sandbox });
      expect(config['url']).toBe('http://127.0.0.1:7/pagerduty/v2/enqueue');
      return secrets[0]?.value.reveal();
    });
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).not.toBe(keys[0]);
  });

  it('marks a test whatever the summary says, and takes over what is said of fields', () => {
    const { config } = makeIntegration('pagerduty', {
      routing_key: KEY,
      summary: 'mine',
      class: 'c',
      component: 'd',
      group: 'e',
      details: { team: '{{ .CommonLabels.team }}', firing: 'none' },
      severity: { page: 'critical', warning: 'info' },
      send_resolved: false,
    }).render({ alertmanager: version(31), secretPath });
    expect(config).toMatchObject({
      description: '{{ if .CommonLabels.leitstand_test }}TEST {{ end }}mine',
      class: 'c',
      component: 'd',
      group: 'e',
      send_resolved: false,
      details: { team: '\t{{ .CommonLabels.team }}', firing: '\tnone' },
      severity: expect.stringContaining('eq .Labels.severity "page"'),
    });
  });

  it('goes through a proxy, and trusts another authority', () => {
    const { config } = makeIntegration('pagerduty', {
      routing_key: KEY,
      proxy_url: 'http://proxy:3128',
      ca_file: '/etc/ca.pem',
    }).render({ alertmanager: version(31), secretPath });
    expect(config['http_config']).toEqual({
      follow_redirects: false,
      proxy_url: 'http://proxy:3128',
      tls_config: { ca_file: '/etc/ca.pem' },
    });
  });

  it('is another one at another address', () => {
    const identity = (url: string) => makeIntegration('pagerduty', { routing_key: KEY, url }).identity();
    expect(identity('http://127.0.0.1:5001/pagerduty/v2/enqueue')).not.toEqual(
      identity('https://events.pagerduty.com/v2/enqueue'),
    );
  });

  it('keeps the key of the REST API to itself', () => {
    const read_back = { api_key: 'y_NbAkKc66ryYTWUXYEu' };
    const integration = makeIntegration('pagerduty', { routing_key: KEY, read_back });
    expect(integration.secrets().map((one) => one.reveal())).toEqual([KEY, read_back.api_key]);
    const rendered = integration.render({ alertmanager: version(31), secretPath });
    expect(JSON.stringify([rendered, rendered.secrets.map((one) => one.value.reveal())])).not.toContain(
      'y_NbAk',
    );
  });

  it('judges the form of a key for doctor', () => {
    expect(pagerduty.objectToSecret?.('routing_key', KEY)).toBeUndefined();
    expect(pagerduty.objectToSecret?.('routing_key', 'short')).toBe('it has 5 characters and not 32');
    expect(pagerduty.objectToSecret?.('read_back.api_key', 'short')).toBeUndefined();
    for (const { inbox, key } of pagerduty.setup?.keys ?? [])
      expect(inbox('127.0.0.1:5001')).toMatch(
        key === 'url' ? /^http:\/\/127\.0\.0\.1:5001\/pagerduty\/v2\/enqueue$/ : /^[0-9a-f]{32}$/,
      );
  });
});
