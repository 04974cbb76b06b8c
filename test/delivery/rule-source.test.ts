import { describe, expect, it } from 'vitest';
import { ruleSource, type WantedAlert } from '../../src/delivery/prometheus/rule-source.ts';
import type { Probe } from '../../src/delivery/probe.ts';
import { localServer } from '../fixtures/local-server.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const probe: Probe = {
  receiver: 'on-call',
  nonce: 'abcx0x',
  integrations: [],
  routed: { labels: { severity: 'critical', team: '' }, own: ['workspace_id'] },
};

/** A Prometheus, as far as it is asked. */
interface Said {
  readonly rules?: readonly string[];
  /** Values of `up`. */
  readonly up?: readonly string[];
  readonly alertmanagers?: number;
  /** Beginnings of queries that find something. */
  readonly finds?: readonly string[];
  readonly config?: string;
}

function prometheusThat({
  rules = ['LeitstandTest_rule'],
  up = ['1'],
  alertmanagers = 1,
  finds = [],
  config = '',
}: Said) {
  const data = (url: URL, query: string): unknown => {
    if (url.pathname.endsWith('/rules'))
      return {
        groups: [
          {
            file: 'r.yml',
            name: 'g',
            interval: 15,
            rules: rules.map((name) => ({ type: 'alerting', name, query: 'x', labels: {}, annotations: {} })),
          },
        ],
      };
    if (url.pathname.endsWith('/config')) return { yaml: config };
    const values = query.startsWith('up') ? up : finds.some((one) => query.startsWith(one)) ? ['1'] : [];
    return { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) };
  };
  return localServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://local');
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (url.pathname === '/metrics')
        return response.end(`prometheus_notifications_alertmanagers_discovered ${alertmanagers}\n`);
      const query = new URLSearchParams(body).get('query') ?? '';
      return response.end(JSON.stringify({ status: 'success', data: data(url, query) }));
    });
  });
}

async function source(said: Said = {}, shown: (readonly WantedAlert[])[] = []) {
  const server = await prometheusThat(said);
  const rule = ruleSource({
    prometheus: server.url,
    show: async (alerts) => void shown.push(alerts),
    now: () => NOW,
  });
  return { rule, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe('a rule that raises test alerts', () => {
  it.each([
    ['nothing', {}, undefined],
    ['the rule', { rules: ['Other'] }, 'has not loaded the rule LeitstandTest_rule'],
    ['a scrape', { up: [] }, 'no scrape of the job leitstand'],
    ['a good scrape', { up: ['0'] }, 'up{job="leitstand"} is 0'],
    ['an Alertmanager', { alertmanagers: 0 }, 'knows no Alertmanager'],
  ] as const)('lacks %s', async (_, said, words) => {
    await using there = await source(said);
    const obstacle = await there.rule.obstacle();
    if (words === undefined) expect(obstacle).toBeUndefined();
    else
      expect(obstacle).toMatchObject({
        reason: expect.stringContaining(words),
        fix: expect.stringContaining('leitstand'),
      });
  });

  it.each([
    [[], 'did not scrape leitstand_alert_test'],
    [['leitstand_alert_test{leitstand_test="abcx0x"}'], 'did not fire within the time'],
    [['leitstand_alert_test', 'ALERTS{'], 'Alertmanager does not have its alert'],
  ] as const)('is lost where the way ends: %j', async (finds, words) => {
    await using there = await source({ finds });
    expect(await there.rule.whereLost(probe)).toMatchObject({ reason: expect.stringContaining(words) });
  });

  it.each([
    ['scrape_configs: []', 122],
    ['global: {scrape_interval: 10s, evaluation_interval: 20s}', 32],
    [
      'global: {scrape_interval: 10s, evaluation_interval: 5s}\nscrape_configs: [{job_name: leitstand, scrape_interval: 30s}]',
      37,
    ],
    ['[]', 122],
  ])('takes as long as a scrape and an evaluation: %s', async (config, seconds) => {
    await using there = await source({ config });
    expect(await there.rule.delayMs()).toBe(seconds * 1000);
  });

  it('shows the labels of the alert, but not its name, and takes them back', async () => {
    const shown: (readonly WantedAlert[])[] = [];
    await using there = await source({}, shown);
    await there.rule.raise([probe], NOW);
    await there.rule.lower();
    expect(shown).toEqual([
      [{ labels: { workspace_id: 'abcx0x', leitstand_test: 'abcx0x', severity: 'critical' } }],
      [],
    ]);
  });
});
