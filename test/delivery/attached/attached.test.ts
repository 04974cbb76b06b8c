import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { attachedAlerting } from '../../../src/delivery/attached/alerting.ts';
import { readConfiguration } from '../../../src/delivery/attached/configuration.ts';
import { valuesFor } from '../../../src/delivery/attached/matchers.ts';
import { findWay } from '../../../src/delivery/attached/routes.ts';
import { makeProbes, probeAlert } from '../../../src/delivery/probe.ts';
import { holds } from '../../../src/routing/matcher.ts';
import { routesFor } from '../../../src/routing/walk.ts';

/** As `GET /api/v2/status` of Alertmanager 0.31 gives it (shortened). */
const CONFIG = `
global: {resolve_timeout: 5m, slack_api_url: <secret>}
route:
  receiver: default
  group_by: [alertname, cluster]
  continue: false
  routes:
  - receiver: "null"
    matchers: [alertname="Watchdog"]
    continue: false
  - receiver: audit
    matchers: [severity=~".+"]
    continue: true
  - receiver: on-call
    matchers: ['severity="critical"']
    routes:
    - receiver: on-call-db
      match_re: {team: ^(?:db|data.*)$}
      mute_time_intervals: [nights]
  - receiver: team
    match: {severity: warning}
    group_by: [severity]
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [instance]
- source_match: {severity: warning}
  target_match: {severity: info}
receivers:
- name: "null"
- name: default
  email_configs: [{to: ops@example.org, auth_password: <secret>}]
- name: audit
  webhook_configs: [{url: <secret>}]
- name: on-call
  slack_configs: [{api_url: <secret>, channel: '#alerts'}, {api_url: <secret>, channel: '#night'}]
  pagerduty_configs: [{routing_key: <secret>, url: https://events.pagerduty.com/v2/enqueue}]
- name: on-call-db
  webhook_configs: [{url: 'http://127.0.0.1:5001/hook/0123456789'}]
- name: team
  telegram_configs: [{chat_id: 12345, bot_token: <secret>}]
- name: forgotten
  webhook_configs: [{url: <secret>}]
`;

describe('whom an attached Alertmanager tells', () => {
  const alerting = attachedAlerting(CONFIG);

  it('is read from its own configuration; receivers for nobody are left out', () => {
    expect(alerting.receivers).toEqual(['default', 'audit', 'on-call', 'on-call-db', 'team', 'forgotten']);
    expect(alerting.known).toContain('null');
    expect(alerting.targets('on-call').map(({ type, index }) => `${type}[${index}]`)).toEqual([
      'slack[0]',
      'slack[1]',
      'pagerduty[0]',
    ]);
    expect(alerting.targets('audit')[0]?.destination()).toBeUndefined();
    expect(alerting.targets('on-call-db')[0]?.destination()?.host).toBe('127.0.0.1:5001');
  });

  it('is shown without a secret, with what leads there and what it does besides', () => {
    const audience = alerting.audience(alerting.receivers);
    expect(audience.map(({ receiver, integrations, by }) => [receiver, integrations.join(', '), by])).toEqual(
      [
        ['default', 'email ops@example.org', ''],
        ['audit', 'webhook', 'severity="leitstand-test"'],
        ['on-call', 'slack #alerts, slack #night, pagerduty events.pagerduty.com', 'severity="critical"'],
        ['on-call-db', 'webhook 127.0.0.1:5001', 'severity="critical", team="db"'],
        ['team', 'telegram 12345', 'severity="warning"'],
        ['forgotten', 'webhook', ''],
      ],
    );
    expect(audience.map(({ notes }) => notes.join('; '))).toEqual([
      '',
      '',
      'the same alert also reaches audit',
      expect.stringContaining('not in the time intervals nights'),
      expect.stringMatching(/reaches audit.*its group may hold real alerts.*mutes real alerts/),
      expect.stringContaining('nothing is sent'),
    ]);
    expect(JSON.stringify(audience)).not.toContain('0123456789');
  });

  it('gives each receiver an alert of its own that takes a real way and is told from real ones', () => {
    const probes = makeProbes(alerting, { kind: 'receivers', names: alerting.receivers }, 'abcdef');
    const labels = probes.map((probe) => probeAlert(probe, new Date(), 1000).labels);
    expect(probes.filter(({ routed }) => !routed).map(({ receiver }) => receiver)).toEqual(['forgotten']);
    const { root } = readConfiguration(CONFIG);
    for (const [i, { receiver, routed, nonce }] of probes.entries()) {
      if (!routed) continue;
      expect(routesFor(root, labels[i] ?? {}).map((route) => route.receiver)).toContain(receiver);
      expect(labels[i]).toMatchObject({
        leitstand_test: nonce,
        instance: nonce,
        alertname: `LeitstandTest_${nonce}`,
      });
    }
    expect(labels[3]).toMatchObject({ severity: 'critical', team: 'db', cluster: probes[3]?.nonce });
  });

  it('keeps its mark where the routes tell test alerts apart, as those of Leitstand do', () => {
    const own = (severity: string, receiver: string) => ({
      receiver,
      matchers: [`severity="${severity}"`],
      routes: [{ matchers: ['leitstand_test!=""'], group_wait: '0s', group_interval: '1s' }],
    });
    const file = attachedAlerting(
      stringify({
        route: {
          receiver: 'team',
          routes: [
            own('critical', 'on-call'),
            { receiver: 'real', matchers: ['severity="info"', 'leitstand_test=""'] },
            { matchers: ['leitstand_test!=""'], group_interval: '1s' },
          ],
        },
        receivers: ['team', 'on-call', 'real'].map((name) => ({ name, webhook_configs: [{ url: 'x' }] })),
      }),
    );
    const names = ['team', 'on-call', 'real'];
    const [team, onCall, real] = makeProbes(file, { kind: 'receivers', names }, 'abcdef');
    expect(team?.routed?.labels).toEqual({});
    expect(onCall?.routed?.labels).toEqual({ severity: 'critical' });
    // A test that is to reach it would look like a real alert.
    expect(real?.routed).toBeUndefined();
    expect(file.routes.map(({ receiver, way }) => [receiver, way('abc')?.labels])).toEqual([
      ['on-call', { severity: 'critical' }],
      ['real', undefined],
      ['team', {}],
    ]);
    const untold = CONFIG.replace(
      '  routes:\n',
      '  routes:\n  - {receiver: "null", matchers: [leitstand_test!=""]}\n',
    );
    const probes = makeProbes(attachedAlerting(untold), { kind: 'receivers', names: ['on-call'] }, 'abcdef');
    expect(probes[0]?.routed).toBeUndefined();
  });

  it('is another configuration when a receiver or its way changes, and the same for another order', () => {
    const before = alerting.fingerprint('on-call');
    const changed = (from: string, to: string) =>
      attachedAlerting(CONFIG.replace(from, to)).fingerprint('on-call');
    expect(changed("'#alerts'", "'#other'")).not.toBe(before);
    expect(changed('severity="critical"', 'severity="page"')).not.toBe(before);
    expect(changed('ops@example.org', 'other@example.org')).toBe(before);
  });

  it.each([
    ['no YAML', ': ['],
    ['no configuration', 'just: {some: text}'],
    ['a matcher nobody understands', 'route: {receiver: a, matchers: ["severity is critical"]}'],
    ['an expression that is none', 'route: {receiver: a, matchers: [\'a=~"("\']}'],
    [
      'a time that is none',
      'route: {receiver: a}\ntime_intervals: [{name: x, time_intervals: [{weekdays: [x]}]}]',
    ],
  ])('is not guessed from %s', (_, text) => {
    expect(() => attachedAlerting(text)).toThrow('LS-DELIVERY-001');
  });
});

describe('a value that a matcher takes', () => {
  it.each([
    'critical|page',
    '(?i)critical',
    '^(?:web|db)-(prod|stage)$',
    'node.*',
    '.+',
    'a[0-9]+',
    'host\\d+\\.example\\.org',
    'x(y|z)?',
    'a\\(b\\)|c\\|d',
  ])('is found for %s', (source) => {
    const matcher = { label: 'a', operator: '=~', value: source } as const;
    const [first] = valuesFor(matcher);
    expect(holds(matcher, { a: first ?? '' })).toBe(true);
  });
});

describe('the way to a receiver', () => {
  const label = fc.constantFrom('severity', 'team', 'cluster');
  const value = fc.constantFrom('a', 'b', 'c|d', '.+', '');
  const matcher = fc
    .tuple(label, fc.constantFrom('=', '!=', '=~', '!~'), value)
    .map(([name, operator, text]) => `${name}${operator}${JSON.stringify(text)}`);
  const { route } = fc.letrec<{ route: object }>((tie) => ({
    route: fc.record({
      receiver: fc.constantFrom('r0', 'r1', 'r2', 'r3'),
      matchers: fc.array(matcher, { minLength: 1, maxLength: 2 }),
      continue: fc.boolean(),
      group_by: fc.option(fc.array(label, { maxLength: 2 }), { nil: undefined }),
      routes: fc.oneof({ depthSize: 'small' }, fc.constant([]), fc.array(tie('route'), { maxLength: 3 })),
    }),
  }));

  it('leads there whenever one is given, in any tree', () => {
    fc.assert(
      fc.property(fc.array(route, { minLength: 1, maxLength: 4 }), (routes) => {
        const text = stringify({
          route: { receiver: 'root', routes },
          receivers: ['root', 'r0', 'r1', 'r2', 'r3'].map((name) => ({ name, webhook_configs: [{}] })),
        });
        const { root } = readConfiguration(text);
        const alerting = attachedAlerting(text);
        for (const probe of makeProbes(alerting, { kind: 'receivers', names: alerting.receivers }, 'abc')) {
          if (!probe.routed) continue;
          const { labels } = probeAlert(probe, new Date(), 1);
          expect(routesFor(root, labels).map(({ receiver }) => receiver)).toContain(probe.receiver);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('evades a route that would take the alert first', () => {
    const { root } = readConfiguration(
      stringify({
        route: {
          receiver: 'default',
          routes: [
            { receiver: 'first', matchers: ['team!="x"'] },
            { receiver: 'second', matchers: ['severity="page"'] },
          ],
        },
      }),
    );
    expect(findWay(root, 'second', () => ({}))?.labels).toEqual({ severity: 'page', team: 'x' });
    expect(findWay(root, 'default', () => ({}))?.labels).toEqual({ team: 'x' });
  });
});
