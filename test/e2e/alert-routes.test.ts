import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ForeignAlertmanager, startForeignAlertmanager } from '../integration/foreign-stack.ts';
import { generations, requirePrograms } from '../integration/programs.ts';
import { leitstand } from './stack-under-test.ts';

const CONFIG = `route:
  receiver: default
  routes:
    - matchers: [severity="critical"]
      receiver: on-call
      routes: [{match_re: {team: water|gas}, receiver: water, continue: true}, {receiver: on-call}]
    - {match: {severity: warning}, receiver: default, active_time_intervals: [office]}
receivers:
  - {name: default, webhook_configs: [{url: 'http://127.0.0.1:9/hook/SECRET7f3a'}]}
  - {name: on-call, slack_configs: [{api_url: 'https://hooks.slack.com/services/T0/B0/SECRET7f3a', channel: '#alerts'}]}
  - {name: water, webhook_configs: [{url: 'http://127.0.0.1:9/water'}]}
time_intervals:
  - name: office
    time_intervals: [{times: [{start_time: '08:00', end_time: '17:00'}], weekdays: ['monday:friday'], location: Europe/Berlin}]
`;

describe.each(generations)('alert routes of a running Alertmanager, %s programs', (generation) => {
  let directory = '';
  let alertmanager: ForeignAlertmanager;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-e2e-'));
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('no alertmanager');
    alertmanager = await startForeignAlertmanager(program, directory, CONFIG);
  });
  afterAll(async () => {
    await alertmanager.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('reads its own configuration through its API, without a leitstand.yaml', async () => {
    const { exit, stdout } = await leitstand(
      [
        'alert',
        'routes',
        'severity=critical',
        'team=gas',
        '--at',
        'Sunday 03:00',
        '--alertmanager',
        alertmanager.url,
      ],
      { cwd: directory },
    );
    expect(exit).toBe(0);
    expect(stdout).toMatch(/told {2}water .*\n +told {2}on-call {2}slack #alerts/);
    expect(stdout).not.toContain('SECRET7f3a');
  });

  it('reads that of an attached one; nobody is told of a warning on Sunday, which is exit 1', async () => {
    await writeFile(
      join(directory, 'leitstand.yaml'),
      `schema: 1\nstack: altbestand\nattach: {alertmanager: {url: '${alertmanager.url}'}}\n`,
    );
    const ask = (...args: readonly string[]) => leitstand(['alert', 'routes', ...args], { cwd: directory });
    const { exit, stdout } = await ask('severity=warning', '--at', '2026-11-29 03:00 UTC', '--json');
    expect(exit).toBe(1);
    const { result } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      result: { times: { told: unknown[] }[] };
    };
    expect(result.times[1]?.told).toMatchObject([
      { receiver: 'default', state: 'muted', until: '2026-11-30T07:00:00.000Z' },
    ]);
    expect((await ask()).stdout).toMatch(/severity="warning" +default +webhook/);
  });

  it('that cannot be asked is exit 5', async () => {
    const { exit, stderr } = await leitstand(['alert', 'routes', '--alertmanager', 'http://127.0.0.1:1'], {
      cwd: directory,
    });
    expect(exit).toBe(5);
    expect(stderr).toContain('LS-ALERTMANAGER-001');
  });
});
