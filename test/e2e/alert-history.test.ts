import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMetrics } from '../../src/platform/metrics-text.ts';
import { generations } from '../integration/programs.ts';
import { eventually, makeStack, type Outcome, type StackUnderTest } from './stack-under-test.ts';

/** What a `--json` run ends with. */
function resultOf({ stdout }: Outcome) {
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { readonly result: unknown };
  return last.result as {
    readonly deliveries: readonly Readonly<Record<string, unknown>>[];
    readonly integrations: readonly Readonly<Record<string, unknown>>[];
  };
}

describe.each(generations.slice(0, 1))('the history of deliveries, %s programs', (generation) => {
  let stack: StackUnderTest;

  beforeAll(async () => {
    stack = await makeStack(generation);
    await stack.configure({ extra: extra(stack) });
    const up = await stack.run('up');
    if (up.exit !== 0) throw new Error(up.stderr);
  }, 60_000);
  afterAll(() => stack?.destroy(), 60_000);

  const extra = ({ ports }: StackUnderTest) => `alert_test:
  enabled: true
  location: Europe/Berlin
  public_url: http://127.0.0.1:${ports.daemon}
language: de
`;

  /** What arrived for whom, of alerts that fire, newest first. */
  async function firing(type = 'webhook'): Promise<string[]> {
    const list = await stack.run('inbox', 'list', '--json');
    const ids = (resultOf(list) as unknown as { id: number; type: string; status: string }[])
      .filter((message) => message.type === type && message.status === 'firing')
      .map(({ id }) => String(id));
    return Promise.all(ids.map(async (id) => (await stack.run('inbox', 'show', id)).stdout));
  }

  const links = async (type?: string) =>
    (await firing(type)).flatMap((text) => /http:\/\/127\.0\.0\.1:\d+\/seen\/[0-9a-f]{32}/.exec(text) ?? []);

  it('has nothing before the first delivery', async () => {
    const { exit, stdout } = await stack.run('alert', 'history');
    expect({ exit, stdout }).toEqual({
      exit: 0,
      stdout:
        'Nothing is known of any delivery yet. `leitstand alert test` sends a marked test to every receiver.\n',
    });
    const nobody = await stack.run('alert', 'history', 'nobody');
    expect(nobody.exit).toBe(2);
    expect(nobody.stderr).toContain('the receivers are: on-call, team');
  });

  it('people say that they saw a test, by the button only, and the report waits for them', async () => {
    const running = stack.run('alert', 'test', '--wait-seen', '60s');
    const found = await eventually(
      () => links(),
      (all) => all.length === 2,
    );
    const [first = '', second = ''] = found;
    const page = await fetch(first);
    expect(await page.text()).toContain('Haben Sie den Testalarm gesehen?');
    for (const link of [first, second]) expect((await fetch(link, { method: 'POST' })).status).toBe(200);
    const { exit, stdout } = await running;
    expect(stdout).toMatch(/on-call: seen by a person after [\d.]+ m?s/);
    expect(stdout).toMatch(/team: seen by a person after [\d.]+ m?s/);
    expect(exit).toBe(0);
    // Slack shows the link as well: one of a receiver is as good as the other.
    expect(found).toContain((await links('slack'))[0]);
    const history = await stack.run('alert', 'history');
    expect(history.stdout).toMatch(
      /team +webhook\[0\] +test +CONFIRMED +\S+ ms +seen by a person after \S+ m?s; inbox message \d+\n/,
    );
  }, 90_000);

  it('tells real alerts of the inbox by their receivers', async () => {
    const alerts = [
      {
        labels: { alertname: 'DiskFull', severity: 'critical', workspace_id: 'w' },
        startsAt: new Date(Date.now() - 60_000),
      },
    ];
    const posted = await fetch(`http://127.0.0.1:${stack.ports.alertmanager}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    expect(posted.status).toBe(200);
    const history = await eventually(
      async () => resultOf(await stack.run('alert', 'history', 'on-call', '--json')).deliveries,
      (all) => all.filter(({ nonce }) => nonce === undefined).length === 2,
      30_000,
    );
    const real = history.filter(({ nonce }) => nonce === undefined);
    expect(real.map(({ type }) => String(type)).sort()).toEqual(['slack', 'webhook']);
    expect(real.find(({ type }) => type === 'webhook')).toMatchObject({
      receiver: 'on-call',
      alert: 'DiskFull',
      status: 'firing',
      verdict: 'CONFIRMED',
    });
    expect(Number(real.find(({ type }) => type === 'webhook')?.['ageMs'])).toBeGreaterThanOrEqual(60_000);
  }, 60_000);

  it('the schedule does the same by itself, and says when', async () => {
    const run = await stack.run('schedule', 'run', 'alert-test');
    expect(run.stdout).toBe('alert-test: succeeded\n');
    expect(run.exit).toBe(0);
    const list = await stack.run('schedule', 'list');
    expect(list.stdout).toMatch(
      /alert-test +0 10 \* \* 1 \(Europe\/Berlin\) +succeeded +\d{4}-\d\d-\d\d \d\d:00:00 +\d{4}-\d\d-\d\d \S+ +took /,
    );
    const status = await stack.run('status');
    expect(status.stdout).toMatch(/JOB +STATE +NEXT +LAST\nalert-test +succeeded /);
    expect((await stack.run('schedule', 'run', 'nothing')).stderr).toContain('the jobs are: alert-test');
    const texts = await firing();
    expect(texts[0]).toContain('geplante Alarmübung');
  }, 60_000);

  it('shows in the metrics of the daemon', async () => {
    const answer = await fetch(`http://127.0.0.1:${stack.ports.daemon}/metrics`);
    const samples = parseMetrics(await answer.text());
    const value = (name: string, labels: Readonly<Record<string, string>>) =>
      samples.find(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([key, wanted]) => sample.labels[key] === wanted),
      )?.value;
    const slack = { receiver: 'on-call', integration: 'slack[0]' };
    expect(value('leitstand_alert_delivery_last_verdict', { ...slack, verdict: 'CONFIRMED' })).toBe(1);
    expect(value('leitstand_alert_delivery_tests_total', { ...slack, verdict: 'CONFIRMED' })).toBe(2);
    expect(value('leitstand_alert_delivery_notifications_total', { ...slack, outcome: 'accepted' })).toBe(1);
    expect(
      value('leitstand_alert_delivery_last_seen_timestamp_seconds', { receiver: 'team' }),
    ).toBeGreaterThan(0);
    expect(value('leitstand_job_last_run_succeeded', { job_name: 'alert-test' })).toBe(1);
    expect(value('leitstand_job_next_run_timestamp_seconds', {})).toBeGreaterThan(Date.now() / 1000);
  });

  it('names what failed and why, and the schedule calls it failed', async () => {
    const { inbox } = stack.ports;
    await writeFile(
      join(stack.directory, '.env'),
      `SLACK_WEBHOOK_URL=http://127.0.0.1:${inbox}/slack/services/T00TEST00/B00TEST00/-revoked-\nWEBHOOK_URL=http://127.0.0.1:${inbox}/webhook\n`,
      { mode: 0o600 },
    );
    expect((await stack.run('up')).exit).toBe(0);
    const run = await stack.run('schedule', 'run', 'alert-test');
    expect(run.exit).toBe(1);
    expect(run.stdout).toMatch(/^alert-test: failed: 2 of 3 integrations proven/);
    const failed = await stack.run('alert', 'history', 'on-call', '--failed');
    expect(failed.stdout).toMatch(/on-call +slack\[0\] +test +FAILED +at `receive`: .*invalid_token/);
    expect(failed.stdout).toMatch(/on-call +slack\[0\] +3 \(66\.6 % good\) .* ago: .*invalid_token/);
    const status = await stack.run('status');
    expect(status.exit).toBe(1);
    expect(status.stdout).toMatch(/alert-test +FAILED /);
    expect(status.stdout).toContain('leitstand schedule run alert-test');
  }, 60_000);
});
