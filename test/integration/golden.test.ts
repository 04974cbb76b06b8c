import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/platform/processes.ts';
import { generations, requirePrograms } from './programs.ts';

const golden = fileURLToPath(new URL('../golden', import.meta.url));
const VERSIONS = {
  current: { prometheus: '3.16.0', alertmanager: '0.31.1', blackbox: '0.28.0' },
  debian: { prometheus: '2.42.0', alertmanager: '0.25.0', blackbox: '0.23.0' },
} as const;

describe.each(generations)('the golden files and %s validators', (generation) => {
  const { prometheus, alertmanager, blackbox } = VERSIONS[generation];
  it.each([
    ['promtool', ['check', 'config', `${golden}/prometheus-${prometheus}/prometheus.yml`]],
    ['amtool', ['check-config', `${golden}/alertmanager-${alertmanager}/alertmanager.yml`]],
    ['amtool', ['check-config', `${golden}/routing/alertmanager-${alertmanager}.yml`]],
  ] as const)('%s takes them', async (name, args) => {
    expect(existsSync(args.at(-1) ?? '')).toBe(true);
    const program = (await requirePrograms(generation)).get(name);
    const { exitCode, stdout, stderr } = await runProgram(program?.path ?? '', args);
    expect(stdout + stderr).toContain('SUCCESS');
    expect(exitCode).toBe(0);
  });

  it('blackbox_exporter takes its own', async (context) => {
    const program = (await requirePrograms(generation)).get('blackbox_exporter');
    if (!program) return context.skip('not on this machine');
    const file = `${golden}/blackbox-exporter-${blackbox}/blackbox.yml`;
    const check = (path: string) => runProgram(program.path, ['--config.check', `--config.file=${path}`]);
    expect(existsSync(file)).toBe(true);
    expect((await check(file)).exitCode).toBe(0);
    expect((await check(`${golden}/prometheus-${prometheus}/prometheus.yml`)).exitCode).toBe(1);
  });
});
