import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { createPrometheusApi } from '../../src/components/prometheus/api.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { eventually, makeStack, type StackUnderTest } from '../e2e/stack-under-test.ts';
import { generations, requirePrograms } from './programs.ts';

const components = [...(await catalog.components()).keys()];
const root = fileURLToPath(new URL('../../src/components', import.meta.url));
const ruleTests = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.test.yml'),
);

describe.each(generations)('every component with %s programs', (generation) => {
  let stack: StackUnderTest;

  beforeAll(async () => {
    stack = await makeStack(generation);
    const { exit, stderr } = await stack.run('up');
    if (exit !== 0) throw new Error(stderr);
  });
  afterAll(() => stack?.destroy());

  it.each(components)('%s becomes ready and is scraped', async (component) => {
    const api = createPrometheusApi(`http://127.0.0.1:${stack.ports.prometheus}`);
    const samples = await eventually(
      () => api.queryVector(`up{component="${component}"}`, Date.now()),
      (found) => found.length > 0 && found.every(({ value }) => value === '1'),
    );
    expect(samples).toHaveLength(1);
  });

  it('Prometheus loads every rule, evaluates it, and hands the Watchdog to Alertmanager', async () => {
    const groups = await eventually(
      async () => {
        const { body } = await httpExchange(`http://127.0.0.1:${stack.ports.prometheus}/api/v1/rules`);
        return (JSON.parse(body) as { data: { groups: { rules: { name: string; health: string }[] }[] } })
          .data.groups;
      },
      (found) => found.length > 0 && found.every(({ rules }) => rules.every(({ health }) => health === 'ok')),
    );
    expect(groups.flatMap(({ rules }) => rules.map(({ name }) => name))).toContain(
      'AlertmanagerFailedReload',
    );
    // What fires before Prometheus knows its Alertmanager is sent again after a minute only.
    await eventually(
      async () => (await httpExchange(`http://127.0.0.1:${stack.ports.alertmanager}/api/v2/alerts`)).body,
      (body) => body.includes('Watchdog'),
      90_000,
    );
  });
});

describe.each(generations)('rule packs with %s promtool', (generation) => {
  it.each(ruleTests)('%s', async (path) => {
    const promtool = (await requirePrograms(generation)).get('promtool')?.path ?? '';
    const { exitCode, stdout, stderr } = await runProgram(promtool, ['test', 'rules', join(root, path)]);
    expect(stdout + stderr).toContain('SUCCESS');
    expect(exitCode).toBe(0);
  });

  it('a test that expects the wrong thing fails', async () => {
    const promtool = (await requirePrograms(generation)).get('promtool')?.path ?? '';
    const broken = fileURLToPath(new URL('../fixtures/rules/broken.test.yml', import.meta.url));
    expect((await runProgram(promtool, ['test', 'rules', broken])).exitCode).toBe(1);
  });
});
