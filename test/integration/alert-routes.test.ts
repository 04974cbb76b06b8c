import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandInput, type CommandResult } from '../../src/cli/command.ts';
import { alertRoutesCommand } from '../../src/cli/commands/alert-routes.ts';
import { LeitstandError } from '../../src/platform/errors.ts';
import { contextFor } from '../cli/context.ts';

const example = fileURLToPath(new URL('../fixtures/routing/leitstand.yaml', import.meta.url));
/** A Friday, 11:30 in Berlin. */
const NOW = new Date('2026-11-27T10:30:00Z');

const before = process.cwd();
let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alert-routes-'));
  process.chdir(directory);
  await copyFile(example, join(directory, 'leitstand.yaml'));
  const urls = ['PAGER', 'TICKETS', 'WATER', 'PING'].map(
    (name) => `${name}_URL=https://${name.toLowerCase()}.example.org/SECRET7f3a\n`,
  );
  await writeFile(join(directory, '.env'), urls.join(''), { mode: 0o600 });
});
afterEach(async () => {
  process.chdir(before);
  await rm(directory, { recursive: true, force: true });
});

function ask(
  labels: readonly string[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<CommandResult> {
  const context = contextFor(directory);
  return alertRoutesCommand.run(
    { ...context, clock: { ...context.clock, now: () => NOW } },
    new CommandInput(labels, options),
  );
}

async function refusal(asking: Promise<unknown>): Promise<string> {
  try {
    await asking;
  } catch (error) {
    if (error instanceof LeitstandError)
      return `${error.code} ${error.details.what} / ${error.details.fix ?? ''}`;
    throw error;
  }
  throw new Error('it was answered');
}

interface ToldJson {
  readonly times: readonly { readonly told: readonly Record<string, unknown>[] }[];
}

describe('alert routes', () => {
  it('shows every route in its order, with whom it tells and when, and no secret', async () => {
    const { text, exit, json } = await ask([]);
    expect(exit).toBe(0);
    const lines = text.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '));
    expect(lines.filter((line) => !line.includes('receiver'))).toEqual([
      'alerts with | go to | which tells | when',
      'alertname="Watchdog" | (watchdog) | webhook ping.example.org | always',
      'team="water", severity="critical" | on-call | webhook pager.example.org | always',
      'team="water", severity="warning" | water | webhook water.example.org | only in office: now',
      'team="water" | water | webhook water.example.org | always',
      'workspace_id=~"nord|sued", component="shop" | operations | webhook tickets.example.org | always',
      'severity="critical" | on-call | webhook pager.example.org | always',
      'severity="warning" | operations | webhook tickets.example.org | only in office: now',
      'severity="none" | (nobody) | nobody | always',
      'everything else | operations | webhook tickets.example.org | always',
      '',
      'severity="critical", workspace_id!="" holds back severity=~"warning|info", workspace_id!="" with the same workspace_id, component, instance',
    ]);
    expect(JSON.stringify([text, json])).not.toMatch(/SECRET7f3a|leitstand_test/);
  });

  it('says whether somebody hears of an alert, and when if not now', async () => {
    const asked = ['severity=warning', 'team="water"', 'workspace_id=nord'];
    const { exit, text, json } = await ask(asked, { at: ['Sunday 03:00 UTC', '2026-11-30 06:30 UTC'] });
    // Muted on Sunday.
    expect(exit).toBe(1);
    const { times } = json as unknown as ToldJson;
    expect(times.map(({ told }) => told)).toMatchObject([
      [{ receiver: 'water', state: 'told', route: 'team="water", severity="warning"' }],
      [{ state: 'muted', mutedBy: ['office'], isOutside: true, until: '2026-11-30T06:00:00.000Z' }],
      [{ state: 'told' }],
    ]);
    expect(text).toContain('MUTED until Mon 30 Nov');
    expect(text).toContain(
      'held back while an alert fires with severity="critical", workspace_id!="" and the same workspace_id, component, instance',
    );
    const critical = await ask(['severity=critical', 'team=water', 'workspace_id=nord'], {
      at: ['Sunday 03:00'],
    });
    expect(critical.exit).toBe(0);
    expect(critical.text).toContain('no inhibition can hold it back');
    expect((await ask(['severity=none'])).exit).toBe(1);
  });

  it('goes through every rule, shipped and own: now, on Sunday at 03:00, in working hours', async () => {
    await mkdir(join(directory, 'rules'));
    await writeFile(
      join(directory, 'rules/own.yml'),
      `groups:
  - name: own
    rules:
      - {alert: Leak, expr: leak > 0, labels: {severity: critical, team: water}, annotations: {summary: s, description: d}}
      - {alert: Slow, expr: slow > 0, labels: {severity: warning, team: roads}, annotations: {summary: s, description: d}}
`,
    );
    const { readFile } = await import('node:fs/promises');
    const file = join(directory, 'leitstand.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}rules: {files: [rules/own.yml]}\n`);
    const { exit, text, json } = await ask([], { rules: true });
    expect(exit).toBe(0);
    const rules = (
      json as unknown as {
        rules: { alert: string; file: string; line: number; at: { receiver: string; state: string }[][] }[];
      }
    ).rules;
    expect(rules.length).toBeGreaterThan(20);
    expect(rules.map(({ alert }) => alert)).toContain('BackupStale');
    expect(rules.filter(({ alert }) => alert.startsWith('LeitstandTest'))).toEqual([]);
    const leak = rules.find(({ alert }) => alert === 'Leak');
    expect(leak).toMatchObject({ file: 'rules/own.yml', line: 4 });
    expect(leak?.at.map((told) => told.map(({ receiver, state }) => `${receiver} ${state}`).join())).toEqual([
      'on-call told',
      'on-call told',
      'on-call told',
    ]);
    const slow = rules.find(({ alert }) => alert === 'Slow');
    // Its workspace depends on the series.
    expect(slow?.at.map((told) => told.at(-1))).toMatchObject([
      { receiver: 'operations', state: 'told' },
      { receiver: 'operations', state: 'muted' },
      { receiver: 'operations', state: 'told' },
    ]);
    expect(text).toMatch(/Watchdog +none +\(watchdog\)/);
    expect(text).toContain('each reaches somebody');
  });

  it('asks any directory of files, and finds the rule that reaches nobody', async () => {
    await mkdir(join(directory, 'monitoring'));
    await writeFile(
      join(directory, 'monitoring/alertmanager.yml'),
      `route:
  receiver: team
  routes:
    - {matchers: ['severity="warning"'], receiver: forgotten}
    - {matchers: ['severity="info"'], receiver: 'null'}
    - matchers: ['team="water"']
      receiver: team
      continue: true
      routes: [{matchers: ['site="north"'], receiver: pager, mute_time_intervals: [nights]}]
receivers:
  - {name: team, email_configs: [{to: ops@example.org}]}
  - {name: pager, pagerduty_configs: [{routing_key: 0123456789abcdef0123456789abcdef}]}
  - {name: forgotten}
  - {name: 'null'}
time_intervals:
  - {name: nights, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}
`,
    );
    await writeFile(
      join(directory, 'monitoring/rules.yml'),
      `groups: [{name: g, rules: [{alert: Slow, expr: up == 0, labels: {severity: warning}}, {alert: Fine, expr: up == 0, labels: {severity: info}}]}]\n`,
    );
    const { exit, text } = await ask([], { files: 'monitoring', rules: true });
    expect(exit).toBe(1);
    expect(text).toContain('2 rules, 1 of them reaches nobody:\n  Slow (monitoring/rules.yml:1)');
    expect(text).toMatch(/Fine +info +nobody, as is meant/);
    const table = (await ask([], { config: 'monitoring/alertmanager.yml' })).text;
    expect(table).toMatch(/team="water" +team, and on +email ops@example\.org +always/);
    expect(table).toMatch(/ {2}site="north" +pager +pagerduty +not in nights: /);
    expect(table).not.toContain('0123456789');
    const both = await ask(['team=water', 'site=north', 'severity=page'], {
      config: 'monitoring/alertmanager.yml',
      at: ['2026-11-27 23:00 UTC'],
    });
    const { times } = both.json as unknown as ToldJson;
    expect(times[1]?.told.map(({ receiver, state }) => `${String(receiver)} ${String(state)}`)).toEqual([
      'pager muted',
    ]);
    expect(await refusal(ask([], { config: 'monitoring/alertmanager.yml', rules: true }))).toContain(
      '--files DIRECTORY',
    );
  });

  it('refuses what cannot be meant, with what to write', async () => {
    expect(await refusal(ask(['severity']))).toMatch(/^LS-CLI-001 .*`severity` \/ leitstand alert routes/);
    expect(await refusal(ask(['severity=~a']))).toMatch(/^LS-CLI-001/);
    expect(await refusal(ask([], { at: ['some day'] }))).toMatch(/^LS-CLI-001 .*Sunday 03:00/);
    expect(await refusal(ask(['a=b'], { rules: true }))).toMatch(/^LS-CLI-001/);
    expect(await refusal(ask([], { alertmanager: 'alertmanager.yml' }))).toContain(
      '--config alertmanager.yml',
    );
    expect(await refusal(ask([], { files: '.' }))).toMatch(
      /^LS-CLI-001 there is no configuration of Alertmanager/,
    );
    await writeFile(
      join(directory, 'broken.yml'),
      'route: {receiver: a, matchers: ["x is y"]}\nreceivers: [{name: a}]\n',
    );
    expect(await refusal(ask([], { config: 'broken.yml' }))).toMatch(/^LS-DELIVERY-001/);
  });
});
