// Who is told about each of 10,000 rules at three times, against amtool, which answers for one alert at a time and knows
// no time.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandInput } from '../src/cli/command.ts';
import { alertRoutesCommand } from '../src/cli/commands/alert-routes.ts';
import { answerRules } from '../src/delivery/routing/rules.ts';
import { configuredRouting } from '../src/delivery/routing/source.ts';
import { contextFor } from '../test/cli/context.ts';
import { generations, requirePrograms } from '../test/integration/programs.ts';
import { median, report, timeCommand } from './measure.ts';

const RULES = 10_000;
const FILES = 20;
const TEAMS = 20;
const ROUNDS = 5;
const SAMPLE = 10;
const TIMES = ['2026-11-27T10:30:00Z', '2026-11-29T03:00:00Z', '2026-12-01T10:00:00Z'].map(
  (text) => new Date(text),
);

const teamOf = (index: number) => `team-${index % TEAMS}`;
const severityOf = (index: number) => (index % 3 === 0 ? 'critical' : 'warning');

function ruleFile(file: number): string {
  const rules = Array.from({ length: RULES / FILES }, (_, i) => {
    const index = file * (RULES / FILES) + i;
    // Every fourth has its team from the series.
    const team = index % 4 === 0 ? '' : `, team: ${teamOf(index)}`;
    return `      - { alert: A${index}, expr: 'app_errors_total{n="${index}"} > 1', labels: { severity: ${severityOf(index)}${team} } }\n`;
  });
  return `groups:\n  - name: g${file}\n    rules:\n${rules.join('')}`;
}

/** As teams have it: each its own, critical ones at any time, the others in its hours. */
function configuration(): string {
  const teams = Array.from({ length: TEAMS }, (_, i) => `team-${i}`);
  return `route:
  receiver: default
  routes:
${teams
  .map(
    (team) => `    - matchers: ['team="${team}"']
      receiver: ${team}
      routes:
        - { matchers: ['severity=~"critical|page"'], receiver: ${team} }
        - { matchers: ['severity="warning"'], receiver: ${team}, active_time_intervals: [office] }
`,
  )
  .join('')}receivers:
  - { name: default, webhook_configs: [{ url: 'https://hooks.town.test/x' }] }
${teams.map((team) => `  - { name: ${team}, webhook_configs: [{ url: 'https://hooks.town.test/${team}' }] }\n`).join('')}time_intervals:
  - name: office
    time_intervals:
      - { times: [{ start_time: '08:00', end_time: '17:00' }], weekdays: ['monday:friday'], location: Europe/Berlin }
`;
}

function evaluate(text: string): number {
  const rules = Array.from({ length: RULES }, (_, index) => {
    const labels: Readonly<Record<string, string | undefined>> = {
      alertname: `A${index}`,
      severity: severityOf(index),
      team: index % 4 === 0 ? undefined : teamOf(index),
    };
    return {
      alert: `A${index}`,
      file: 'rules.yml',
      line: index,
      valueOf: (label: string) => (label in labels ? labels[label] : ''),
      isSignal: false,
    };
  });
  const start = performance.now();
  const answers = answerRules(configuredRouting(text), rules, TIMES);
  if (answers.some(({ reachesNobody }) => reachesNobody)) throw new Error('a rule reaches nobody');
  return performance.now() - start;
}

async function wholeCommand(directory: string): Promise<number> {
  const start = performance.now();
  const { exit } = await alertRoutesCommand.run(
    contextFor(directory),
    new CommandInput([], { files: directory, rules: true }),
  );
  if (exit !== 0) throw new Error(`ended with ${exit}`);
  return performance.now() - start;
}

const directory = mkdtempSync(join(tmpdir(), 'leitstand-bench-'));
try {
  const text = configuration();
  const config = join(directory, 'alertmanager.yml');
  writeFileSync(config, text);
  for (let file = 0; file < FILES; file++)
    writeFileSync(join(directory, `rules-${file}.yml`), ruleFile(file));
  const first = evaluate(text);
  const warm = Array.from({ length: ROUNDS }, () => evaluate(text));
  const whole = await wholeCommand(directory);
  report([
    {
      name: `${RULES} rules x ${TIMES.length} times, first in the process`,
      measured: first,
      goal: 2_000,
      unit: 'ms',
    },
    { name: `${RULES} rules x ${TIMES.length} times, warm`, measured: median(warm), goal: 1_000, unit: 'ms' },
    { name: 'the whole command, with reading their files', measured: whole, goal: 5_000, unit: 'ms' },
  ]);
  const [generation] = generations;
  const amtool = generation && (await requirePrograms(generation)).get('amtool')?.path;
  if (amtool !== undefined) {
    const times = Array.from({ length: SAMPLE }, (_, index) =>
      timeCommand(amtool, [
        'config',
        'routes',
        'test',
        `--config.file=${config}`,
        `severity=${severityOf(index)}`,
        `team=${teamOf(index)}`,
      ]),
    );
    const peer = median(times) * RULES;
    report([
      {
        name: 'first, in runs of `amtool config routes test` for each',
        measured: first / peer,
        goal: 0.02,
        unit: 'x',
      },
    ]);
    process.stdout.write(`        amtool would take ${(peer / 1000).toFixed(0)} s, for one time\n`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
