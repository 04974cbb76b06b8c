import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generations } from '../integration/programs.ts';
import { leitstand, makeStack, type StackUnderTest } from './stack-under-test.ts';

const mission = fileURLToPath(new URL('../inspection/mission', import.meta.url));
/** Without the programs of this machine: what it has must not change what is found. */
const env = { PATH: '/nowhere' };

interface Result {
  readonly errors: number;
  readonly warnings: number;
  readonly findings: readonly { readonly code: string; readonly subject: string; readonly where: object }[];
  readonly waived: readonly object[];
  readonly notAsked: readonly string[];
}

function resultOf(stdout: string): Result {
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as { result: Result }).result;
}

describe('check --files', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-e2e-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('finds what is wrong without a leitstand.yaml and without the programs, and touches nothing', async () => {
    await cp(mission, join(directory, 'monitoring'), { recursive: true });
    const { exit, stdout } = await leitstand(['check', '--files', 'monitoring'], { cwd: directory, env });
    expect(exit).toBe(1);
    expect(stdout).toContain('monitoring/prometheus/alert-rules.yml\n');
    expect(stdout).toMatch(
      /29:\d+ +error +LS-CHECK-002 {2}ContainerMemoryHigh uses container_memory_usage_bytes/,
    );
    expect(stdout).toContain('fix: divide by (container_spec_memory_limit_bytes > 0)');
    expect(stdout).toContain('promtool is not on this machine');
    expect(stdout).toContain('9 errors, 4 warnings in 3 files with 7 rules');
    expect(await readdir(directory)).toEqual(['monitoring']);
  });

  it('--json holds the same for machines', async () => {
    const { exit, stdout } = await leitstand(['check', '--files', mission, '--json'], {
      cwd: directory,
      env,
    });
    expect(exit).toBe(1);
    const { errors, warnings, findings, notAsked } = resultOf(stdout);
    expect([errors, warnings, findings.length]).toEqual([9, 4, 13]);
    expect(notAsked).toHaveLength(2);
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: 'LS-CHECK-009',
        severity: 'error',
        subject: 'PrometheusCrash',
        where: { file: `${mission}/prometheus/alert-rules.yml`, line: 5, column: 15 },
      }),
    );
  });

  it('warnings alone are exit 0, with --strict 1; every finding can be explained', async () => {
    await writeFile(
      join(directory, 'rules.yml'),
      'groups: [{ name: g, rules: [{ alert: A, expr: up == 0 }] }]\n',
    );
    const run = (...args: string[]) => leitstand(['check', '--files', '.', ...args], { cwd: directory, env });
    const lenient = await run();
    expect(lenient.exit).toBe(0);
    expect(lenient.stdout).toContain('LS-CHECK-012');
    expect((await run('--strict')).exit).toBe(1);
    const explained = await leitstand(['explain', 'LS-CHECK-012'], { cwd: directory, env });
    expect(explained.exit).toBe(0);
    expect(explained.stdout).toContain('severity');
  });

  it('a waiver in the file is shown with its reason, and counts as no finding', async () => {
    const comment = '# leitstand:ignore LS-CHECK-012 until 2099-12-31: the router sorts by name\n';
    await writeFile(
      join(directory, 'rules.yml'),
      `${comment}groups: [{ name: g, rules: [{ alert: A, expr: up == 0 }] }]\n`,
    );
    const { exit, stdout } = await leitstand(['check', '--files', '.', '--strict'], { cwd: directory, env });
    expect(exit).toBe(0);
    expect(stdout).toContain('until 2099-12-31: the router sorts by name');
    expect(stdout).toContain('0 errors, 0 warnings, 1 waived');
  });

  it('a place without any such file, or that is not there, is exit 2', async () => {
    for (const place of ['.', 'nowhere', '.env']) {
      const { exit, stderr } = await leitstand(['check', '--files', place], { cwd: directory, env });
      expect(exit).toBe(2);
      expect(stderr).toContain('LS-CHECK-021');
    }
  });

  it('single files are enough; their rules are found by rule_files', async () => {
    await writeFile(join(directory, 'p.conf'), "rule_files: ['rules/*.yml']\nscrape_configs: []\n");
    await cp(join(mission, 'prometheus'), join(directory, 'rules'), { recursive: true });
    await rm(join(directory, 'rules/prometheus.yml'));
    const { exit, stdout } = await leitstand(['check', '--prometheus', 'p.conf', '--json'], {
      cwd: directory,
      env,
    });
    expect(exit).toBe(1);
    expect(resultOf(stdout).findings.map(({ code }) => code)).toContain('LS-CHECK-002');
  });

  it('an attached stack is checked by the files that it names, and otherwise by its APIs', async () => {
    const write = (configFile: string) =>
      writeFile(
        join(directory, 'leitstand.yaml'),
        `schema: 1\nstack: town\nattach:\n  alertmanager: {url: 'http://127.0.0.1:1'${configFile}}\n`,
      );
    await write('');
    const unknown = await leitstand(['check'], { cwd: directory, env });
    expect(unknown.exit).toBe(5);
    expect(unknown.stderr).toContain('LS-ALERTMANAGER-001');
    await cp(join(mission, 'alertmanager'), directory, { recursive: true });
    await write(`, config_file: '${directory}/alertmanager.yml'`);
    const known = await leitstand(['check'], { cwd: directory, env });
    expect(known.stdout).toContain('LS-CHECK-019');
  });
});

describe.skipIf(generations.length === 0)('check of a stack', () => {
  let stack: StackUnderTest;

  beforeAll(async () => {
    stack = await makeStack(generations[0] ?? 'debian');
  });
  afterAll(() => stack.destroy());

  it('finds nothing in what Leitstand renders but that nobody outside waits for the Watchdog', async () => {
    const { exit, stdout, stderr } = await stack.run('check', '--json');
    expect(stderr).not.toContain('LS-');
    expect(resultOf(stdout).findings.map(({ code }) => code)).toEqual(['LS-CHECK-016']);
    expect(exit).toBe(0);
    expect(await readdir(join(stack.directory, '.leitstand/run')).catch(() => [])).toEqual([]);
  });

  it("finds what is wrong in the user's jobs and rules, at the user's own place, and waives what is waived", async () => {
    await writeFile(
      join(stack.directory, 'mine.rules.yml'),
      `groups:
  - name: mine
    rules:
      - alert: WebDown
        expr: up{job="wep"} == 0
        labels: { severity: warning }
        annotations: { summary: x }
`,
    );
    await stack.configure({
      extra: `scrape_jobs:
  - {job_name: web, static_configs: [{targets: ['127.0.0.1:1']}]}
rules: {files: [mine.rules.yml]}
check:
  waivers:
    - {code: LS-CHECK-016, reason: ordered for spring, until: 2099-12-31}
`,
    });
    const { exit, stdout } = await stack.run('check', '--json');
    const { findings, waived } = resultOf(stdout);
    expect(waived).toHaveLength(1);
    expect(findings).toMatchObject([{ code: 'LS-CHECK-003', where: { file: 'mine.rules.yml', line: 5 } }]);
    expect(exit).toBe(1);
    expect(await readFile(join(stack.directory, 'mine.rules.yml'), 'utf8')).toContain('wep');
  });

  it('says which shipped rule fails its tests, at the line that changes it', async () => {
    const promtool = join(stack.directory, 'promtool');
    await writeFile(
      promtool,
      `#!/bin/sh
[ "$1" != --version ] || { echo 'promtool, version 3.16.0'; exit 0; }
[ "$1" = test ] || exec '${stack.paths.get('promtool') ?? ''}' "$@"
echo '  FAILED:
    name: TargetDown: fires above the limit,
      exp: nothing, got: something'
exit 1
`,
      { mode: 0o755 },
    );
    await stack.configure({
      paths: new Map([...stack.paths, ['promtool', promtool]]),
      extra: 'rules:\n  alerts:\n    TargetDown: {for: 1h}\n',
    });
    const { exit, stdout } = await stack.run('check', '--json');
    const { findings } = resultOf(stdout);
    expect(exit).toBe(1);
    expect(findings.find(({ code }) => code === 'LS-CHECK-023')).toMatchObject({
      subject: 'TargetDown',
      where: {
        file: expect.stringMatching(/leitstand\.yaml$/) as string,
        line: expect.any(Number) as number,
      },
      detail: [expect.stringContaining('got: something')],
    });
    await stack.configure();
    expect(resultOf((await stack.run('check', '--json')).stdout).errors).toBe(0);
  });
});
