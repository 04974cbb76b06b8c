import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryReport } from '../../src/delivery/report.ts';
import { generations } from '../integration/programs.ts';
import { eventually, leitstand, makeStack, type Outcome, type StackUnderTest } from './stack-under-test.ts';

describe.each(generations)('alert test with %s programs', (generation) => {
  let stack: StackUnderTest;
  let elsewhere: string;
  beforeAll(async () => {
    elsewhere = await mkdtemp(join(tmpdir(), 'leitstand-nowhere-'));
    stack = await makeStack(generation);
    const { exit, stderr } = await stack.run('up');
    if (exit !== 0) throw new Error(stderr);
  });
  afterAll(async () => {
    await stack?.destroy();
    await rm(elsewhere, { recursive: true, force: true });
  });

  const test = (...words: readonly string[]) => stack.run('alert', 'test', ...words);
  const without = (...words: readonly string[]) =>
    leitstand(['alert', 'test', '--alertmanager', `http://127.0.0.1:${stack.ports.alertmanager}`, ...words], {
      cwd: elsewhere,
    });

  it('says of each integration whether it arrived, and whether the end did', async () => {
    const { exit, stdout } = await test();
    expect(stdout).toMatch(/^on-call {2}slack\[0\] {4}CONFIRMED {2}\d+ ms +inbox message \d+$/m);
    expect(stdout).toContain('3 of 3 were told the end as well\n');
    expect(stdout).toMatch(/^3 of 3 integrations proven; test alert [0-9a-f]{12} is resolved$/m);
    expect(exit).toBe(0);
  });

  it('--from-prometheus walks the whole way, from the scrape on, and takes it back', async () => {
    // The daemon has to be scraped once before Prometheus knows it.
    const { report, outcome } = await eventually(
      async () => {
        const run = await test('--from-prometheus', '--json');
        return { outcome: run, report: reportIn(run) };
      },
      ({ report: found }) => found.integrations[0]?.verdict === 'CONFIRMED',
    );
    expect(report).toMatchObject({ mode: 'prometheus', exit: 0, resolved: true });
    for (const { verdict, end } of report.integrations)
      expect({ verdict, arrived: end?.arrived }).toEqual({ verdict: 'CONFIRMED', arrived: true });
    expect(outcome.exit).toBe(0);
    expect((await stack.run('inbox', 'list')).stdout).toContain('LeitstandTest_rule');
    const metrics = await fetch(`http://127.0.0.1:${stack.ports.daemon}/metrics`);
    expect(await metrics.text()).not.toContain('leitstand_alert_test{');
  });

  it('--route says who takes it, --every-route tries each', async () => {
    const taken = await test('--route', 'severity=critical, workspace_id="w, 1"');
    expect(taken.stdout).toMatch(/severity="critical", workspace_id="w, 1" +on-call +slack\[0\] +CONFIRMED/);
    expect(taken.exit).toBe(0);
    const report = reportIn(await test('--every-route', '--json'));
    expect(new Set(report.integrations.map(({ route }) => route))).toEqual(
      new Set(['severity="critical"', 'everything else']),
    );
    expect(report.exit).toBe(0);
  });

  it('--direct says what it does not prove', async () => {
    const { exit, stdout } = await test('--direct', 'on-call');
    expect(stdout).toMatch(/^on-call {2}slack\[0\] +CONFIRMED/m);
    expect(stdout).toContain('It counts as no proof of a receiver.');
    expect(stdout).toMatch(/^2 of 2 integrations took the message /m);
    expect(exit).toBe(0);
  });

  it('works without a leitstand.yaml, and leaves nothing behind', async () => {
    const { exit, stdout, stderr } = await without('team');
    expect(stderr).toContain('This goes to people');
    expect(stdout).toMatch(/^team {2}webhook\[0\] {2}ACCEPTED/m);
    expect(exit).toBe(0);
    expect(await readdir(elsewhere)).toEqual([]);
    expect((await without('--min-verdict', 'confirmed', 'team')).exit).toBe(1);
  });

  it('sees and records more with --state', async () => {
    const state = join(stack.directory, '.leitstand');
    const { exit, stdout } = await without('--state', state, 'team', '--min-verdict', 'confirmed');
    expect(stdout).toMatch(/^team {2}webhook\[0\] {2}CONFIRMED/m);
    expect(exit).toBe(0);
  });

  it('finds an exit code for everything that cannot be', async () => {
    expect((await without('nobody')).exit).toBe(2);
    expect((await without('--direct')).exit).toBe(2);
    expect((await test('--route', 'severity')).exit).toBe(2);
    expect((await test('--min-verdict', 'perhaps')).exit).toBe(2);
    const nowhere = ['alert', 'test', '--alertmanager', 'http://127.0.0.1:9'];
    const { exit, stderr } = await leitstand(nowhere, { cwd: elsewhere });
    expect(stderr).toContain('LS-ALERTMANAGER-001');
    expect(exit).toBe(5);
  });
});

function reportIn({ stdout }: Outcome): DeliveryReport {
  const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as { readonly result: DeliveryReport };
  return last.result;
}
