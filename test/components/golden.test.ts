import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { finalOffers } from '../../src/deployment/offers.ts';
import type { Place, Plan } from '../../src/stack/plan.ts';
import type { Program } from '../../src/stack/program.ts';
import { Secret, type SecretReference } from '../../src/stack/secret.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { parseVersion } from '../../src/stack/version.ts';
import { alertingStack } from '../fixtures/alerting.ts';

/** `vitest run test/components/golden.test.ts --update` writes them anew; the diff is what a review looks at. */
const golden = fileURLToPath(new URL('../golden', import.meta.url));
const registry = await catalog.components();

/** Shows which of our files hold a secret, and that the others do not. */
const SECRET = 'SECRET7f3a';

const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  prometheus: ['3.16.0', '2.42.0'],
  alertmanager: ['0.34.0', '0.31.1', '0.25.0'],
  pushgateway: ['1.11.3', '1.5.1'],
  'node-exporter': ['1.12.1', '1.5.0'],
  'blackbox-exporter': ['0.28.0', '0.23.0'],
  'victoria-logs': ['1.52.1', '1.44.0'],
  versitygw: ['1.8.0', '1.7.0'],
};
const CONFIGS: Readonly<Record<string, unknown>> = {
  prometheus: { scrape_interval: '5s', retention: '90d', retention_size: '20GiB', memory: '2GiB' },
  alertmanager: { memory: '256MiB' },
  pushgateway: {},
  'node-exporter': { textfile_dir: '/var/lib/node-exporter' },
  'blackbox-exporter': {
    probes: [
      { url: 'https://www.example.org/', name: 'Website' },
      { url: 'https://portal.example.org/login' },
      { url: 'https://status.example.org/', interval: '5m' },
      { url: 'tcp://db.example.org:5432' },
      { url: 'tls://mail.example.org:465' },
      { url: 'icmp://[2001:db8::1]' },
    ],
  },
  'victoria-logs': { retention: '36h', max_disk: '20GiB', memory: '1GiB' },
  versitygw: { access_key: 'example', secret_key: SECRET },
};

function goldenStack(): Stack {
  const stack = alertingStack({
    receivers: {
      'on-call': {
        slack: [
          {
            webhook_url: `https://hooks.slack.com/services/T00GOLDEN/B00GOLDEN/${SECRET}`,
            channel: '#alerts',
          },
        ],
        webhook: [{ url: `https://example.org/hook?token=${SECRET}`, max_alerts: 20 }],
      },
      team: {
        webhook: [{ url: `https://example.org/team/${SECRET}`, send_resolved: false }],
        email: [
          {
            to: ['ops@example.org', 'Bürgerdienste <buerger@example.org>'],
            from: 'Leitstand <alerts@example.org>',
            smarthost: 'smtp.example.org:587',
            username: 'alerts@example.org',
            password: SECRET,
          },
        ],
      },
    },
    severities: { critical: 'on-call', 'odd "severity"': 'team' },
    default: 'team',
  });
  const resolveSecret = (input: string | SecretReference) =>
    new Secret(typeof input === 'string' ? input : input.name, 'secret EXAMPLE');
  return { ...stack, resolveSecret };
}

function placeOf(component: string): Place {
  return {
    config: `/srv/rendered/${component}`,
    data: `/srv/data/${component}`,
    secret: (name) => `/srv/secrets/${component}/${name}`,
    listen: (port) => `127.0.0.1:${port}`,
    address: (other, port) => `${other}.example.org:${port}`,
    externalUrl: (port) => `https://monitoring.example.org:${port}/`,
  };
}

function planOf(component: string, version: string): Plan {
  const parsed = parseVersion(version);
  const components = [...registry.values()].map(({ name, schema }) => ({
    name,
    config: schema.parse(CONFIGS[name]),
  }));
  const stack = { ...goldenStack(), components, daemon: { port: 9470 } };
  const offers = finalOffers(stack, registry);
  const own = components.find(({ name }) => name === component);
  const plugin = registry.get(component);
  if (!parsed || !own || !plugin) throw new Error(`${component} ${version}`);
  const programs = (name: string): Program => ({
    name,
    path: `/srv/programs/${name}`,
    version: parsed,
    origin: 'configured',
  });
  return plugin.plan({ config: own.config, stack, offers, place: placeOf(component), programs });
}

/** The plan without the files' content, which has golden files of its own, and without secrets' values. */
function outlineOf(plan: Plan): string {
  const outline = {
    ...plan,
    files: plan.files.map(({ path, mode }) => ({ path, mode: (mode ?? 0o644).toString(8) })),
    secrets: plan.secrets.map(({ name }) => name),
    validators: plan.validators.map(({ program, args }) => [program.path, ...args('CANDIDATE')].join(' ')),
  };
  return `${JSON.stringify(outline, undefined, 2)}\n`;
}

it('covers every component', () => {
  expect(Object.keys(VERSIONS)).toEqual([...registry.keys()]);
});

const cases = Object.entries(VERSIONS).flatMap(([component, versions]) =>
  versions.map((version) => [component, version] as const),
);

describe.each(cases)('the plan of %s %s', (component, version) => {
  const plan = planOf(component, version);
  const directory = `${golden}/${component}-${version}`;

  it('is the golden one', async () => {
    await expect(outlineOf(plan)).toMatchFileSnapshot(`${directory}/plan.json`);
    for (const { path, content } of plan.files)
      await expect(content).toMatchFileSnapshot(`${directory}/${path}`);
  });

  it('leaves no golden file over that nothing renders any more', () => {
    const rendered = ['plan.json', ...plan.files.map(({ path }) => path)];
    const kept = existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: 'utf8' }) : [];
    expect(kept.filter((path) => path.includes('.') && !rendered.includes(path))).toEqual([]);
  });

  it('shows a secret to its owner only, and in no argument', () => {
    expect(JSON.stringify([plan.args, plan.env, plan.secretEnv, plan.secrets])).not.toContain(SECRET);
    for (const { content, mode } of plan.files)
      if (content.includes(SECRET)) expect((mode ?? 0o644) & 0o077).toBe(0);
  });

  it('is the same when it is made again', () => {
    expect(outlineOf(planOf(component, version))).toBe(outlineOf(plan));
    expect(planOf(component, version).files).toEqual(plan.files);
  });
});
