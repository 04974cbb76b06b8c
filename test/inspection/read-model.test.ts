import { describe, expect, it } from 'vitest';
import { findingsOf, modelOf, outlineOf } from './model-of.ts';

const RULE = 'groups: [{ name: g, rules: [{ alert: A, expr: up == 0 }] }]\n';

describe('what a file is, by its content', () => {
  it.each([
    ['prometheus', 'scrape_configs: []\n', { prometheuses: 1 }],
    ['rules', RULE, { ruleFiles: 1 }],
    [
      'a Kubernetes object',
      `apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  ${RULE}`,
      { ruleFiles: 1 },
    ],
    ['alertmanager', 'route: { receiver: a }\nreceivers: [{ name: a }]\n', { alertmanagers: 1 }],
    ['compose', 'services: { a: { image: b } }\n', { services: 1 }],
    ['a collector', 'receivers: { otlp: {} }\nservice: { pipelines: {} }\n', { collectors: 1 }],
    ["promtool's test", 'rule_files: [a.yml]\ntests: []\n', {}],
    ["Promtail's", 'positions: {}\nscrape_configs: []\n', {}],
    ["Grafana's rules", 'apiVersion: 1\ngroups: [{ name: g, rules: [{ uid: a, title: b }] }]\n', {}],
    ['another Kubernetes object', 'apiVersion: v1\nkind: ConfigMap\nroute: { receiver: a }\n', {}],
    ["somebody's", 'name: x\n', {}],
  ])('%s', (_, text, expected) => {
    const { prometheuses, ruleFiles, alertmanagers, services, collectors } = modelOf({ 'a.yml': text });
    const counts = Object.entries({ prometheuses, ruleFiles, alertmanagers, services, collectors })
      .filter(([, list]) => list.length > 0)
      .map(([name, list]) => [name, list.length]);
    expect(Object.fromEntries(counts)).toEqual(expected);
  });
});

describe('files with mistakes', () => {
  it('are a finding, and what is whole in them is still looked at', () => {
    const text = `${RULE}---\ngroups:\n  - name: "unclosed\n`;
    expect(outlineOf(findingsOf(modelOf({ 'a.yml': text })))).toContainEqual(
      expect.stringMatching(/^a\.yml:\d+ error LS-CHECK-001 a\.yml$/),
    );
    expect(modelOf({ 'a.yml': text }).ruleFiles).toHaveLength(1);
  });

  it('never appear with their content, which may be a secret', () => {
    const text =
      'route: { receiver: a }\nreceivers:\n  - name: a\n    pagerduty_configs:\n      - routing_key: "SECRET7f3a\n';
    expect(JSON.stringify(findingsOf(modelOf({ 'a.yml': text })))).not.toContain('SECRET7f3a');
  });

  it('are passed over where they are templates, or nobody of ours', () => {
    const helm = `{{- if .Values.x }}\n${RULE}{{- end }}\n`;
    expect(
      findingsOf(modelOf({ 'a.yml': helm, 'b.yml': 'services: {\n' })).filter(
        ({ code }) => code === 'LS-CHECK-001',
      ),
    ).toEqual([]);
  });

  it('of any shape do no harm', () => {
    for (const text of [
      'groups: 5\nroute: {}\n',
      'groups: [{ rules: [{ alert: [1], expr: {} }, 7, null] }, 5]\nscrape_configs: x\n',
      'scrape_configs: [5, { job_name: [a], static_configs: { targets: x } }]\nalerting: 7\nrule_files: { a: b }\n',
      'route: { routes: [1, { matchers: [5, "a"] }, { matchers: { a: b } }] }\nreceivers: [null, { name: 7, slack_configs: [x] }]\ninhibit_rules: [5]\n',
      'services: { a: null, b: [], c: { volumes: [5, { source: x }], command: 7 } }\n',
      'a: &a [*a]\nroute: { receiver: x }\n',
      `route: ${'['.repeat(3000)}${']'.repeat(3000)}\n`,
    ])
      expect(Array.isArray(findingsOf(modelOf({ 'a.yml': text })))).toBe(true);
  });
});

describe('a directory with several installations', () => {
  const prometheus = (job: string) =>
    `rule_files: [rules.yml]\nscrape_configs: [{ job_name: ${job}, static_configs: [{ targets: ['${job}:1'] }] }]\n`;
  const rules = (job: string) =>
    `groups: [{ name: g, rules: [{ alert: A, expr: 'up{job="${job}"} == 0', labels: { severity: w }, annotations: { summary: s } }] }]\n`;

  it('compares each with its own', () => {
    const texts = {
      'one/prometheus.yml': prometheus('web'),
      'one/rules.yml': rules('web'),
      'two/prometheus.yml': prometheus('shop'),
      'two/rules.yml': rules('shop'),
    };
    const unknown = (findings: readonly { code: string }[]) =>
      findings.filter(({ code }) => code === 'LS-CHECK-003').length;
    expect(unknown(findingsOf(modelOf(texts)))).toBe(0);
    expect(unknown(findingsOf(modelOf({ ...texts, 'two/rules.yml': rules('web') })))).toBe(1);
  });
});

describe('compose files', () => {
  it('are read with what they merge in', () => {
    const text =
      'x-base: &base { image: "prom/prometheus:v3", network_mode: host }\nservices: { p: { <<: *base, mem_limit: 512m } }\n';
    expect(modelOf({ 'compose.yaml': text }).services).toMatchObject([
      {
        name: 'p',
        image: 'prom/prometheus:v3',
        usesHostNetwork: true,
        memoryLimit: { bytes: 512 * 1024 ** 2 },
      },
    ]);
  });

  it('say where a secret lies on this machine', () => {
    const alertmanager = `route: { receiver: a }\nreceivers: [{ name: a, webhook_configs: [{ url_file: /etc/am/secrets/hook }] }]\n`;
    const compose = `services: { alertmanager: { image: 'prom/alertmanager', volumes: ['./secrets:/etc/am/secrets:ro'] } }\n`;
    const codes = (texts: Record<string, string>) =>
      findingsOf(modelOf(texts)).filter(({ code }) => code === 'LS-CHECK-005');
    expect(codes({ 'am.yml': alertmanager, 'compose.yaml': compose, 'secrets/other': '' })).toHaveLength(1);
    expect(codes({ 'am.yml': alertmanager, 'compose.yaml': compose, 'secrets/hook': '' })).toEqual([]);
    expect(codes({ 'am.yml': alertmanager })).toEqual([]);
  });
});

describe('our own build of Prometheus', () => {
  const prometheus = `scrape_configs:\n  - job_name: found\n    docker_sd_configs: [{ host: x }]\n  - job_name: filed\n    file_sd_configs: [{ files: [a] }]\n`;
  const service = {
    name: 'prometheus',
    where: { file: 's' },
    directory: '.',
    image: '',
    args: [],
    memoryLimit: undefined,
    mounts: [],
    usesHostNetwork: true,
  };

  it.each([
    ['go', 1],
    ['debian', 0],
    ['configured', 0],
  ])('built by %s: %i jobs without their discovery', (origin, count) => {
    const model = modelOf({ 'p.yml': prometheus }, { origin: 'stack', services: [{ ...service, origin }] });
    expect(findingsOf(model).filter(({ code }) => code === 'LS-CHECK-014')).toHaveLength(count);
  });
});
