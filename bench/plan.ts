// `plan` and `check` of a whole stack, against the programs' own validators on the same files in the same run.
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../src/platform/environment.ts';
import { findFreePort } from '../src/platform/ports.ts';
import { leitstand, makeStack } from '../test/e2e/stack-under-test.ts';
import { findProgram, generations } from '../test/integration/programs.ts';
import { runProgram } from '../src/platform/processes.ts';
import { median, report } from './measure.ts';

const ENTRY = fileURLToPath(new URL('twelve-components.ts', import.meta.url));
const TWINS = ['b', 'c', 'd', 'e', 'f', 'g'];
const ROUNDS = 7;
const PROBES = 20;
const LIMIT = { timeoutMs: 60_000 };

const [generation] = generations;
if (!generation) throw new Error('no programs on this machine');
const stack = await makeStack(generation);
try {
  const components: Record<string, string> = {};
  const paths = new Map(stack.paths);
  for (const name of ['node_exporter', 'blackbox_exporter', 'victoria-logs']) {
    const program = await findProgram(name, generation);
    if (!program) continue;
    paths.set(name, program.path);
    const probes = Array.from({ length: PROBES }, (_, i) => `{url: 'https://www.example.org/${i}'}`).join(
      ', ',
    );
    const extra = name === 'blackbox_exporter' ? `, probes: [${probes}]` : '';
    components[name.replace('_', '-')] = `{port: ${await findFreePort(0)}${extra}}`;
  }
  // As many as a grown stack has: further exporters, of which there are not enough kinds yet.
  if (components['node-exporter'] !== undefined)
    for (const letter of TWINS) components[`node-exporter-${letter}`] = `{port: ${await findFreePort(0)}}`;
  // From the cache, as users have them: of configured programs the version is asked for each time.
  await stack.configure({ components, paths: new Map() });
  const cache = cacheDirectory(process.env, homedir());
  const run = (...args: readonly string[]) =>
    leitstand(args, {
      cwd: stack.directory,
      entry: ENTRY,
      env: { LEITSTAND_CACHE_DIR: cache, NODE_COMPILE_CACHE: join(cache, 'compiled') },
    });
  const up = await run('up');
  if (up.exit !== 0) throw new Error(up.stderr);
  // What is rendered stays; the load of the stack itself is not what is measured.
  await run('down');
  const times = { plan: [] as number[], check: [] as number[], validators: [] as number[] };
  const rendered = join(stack.directory, '.leitstand/rendered');
  const rules = (await readdir(join(rendered, 'prometheus/rules'))).map((name) =>
    join(rendered, 'prometheus/rules', name),
  );
  const [promtool, amtool] = [paths.get('promtool') ?? '', paths.get('amtool') ?? ''];
  for (let round = 0; round < ROUNDS; round++) {
    for (const command of ['plan', 'check'] as const) {
      const start = performance.now();
      const { exit, stderr } = await run(command);
      if (exit !== 0) throw new Error(stderr);
      times[command].push(performance.now() - start);
    }
    // At once, as `plan` asks them.
    const start = performance.now();
    await Promise.all([
      runProgram(promtool, ['check', 'config', join(rendered, 'prometheus/prometheus.yml')], LIMIT),
      runProgram(promtool, ['check', 'rules', ...rules], LIMIT),
      runProgram(amtool, ['check-config', join(rendered, 'alertmanager/alertmanager.yml')], LIMIT),
    ]);
    times.validators.push(performance.now() - start);
  }
  const validators = median(times.validators);
  const count = Object.keys(components).length + 3;
  report([
    {
      name: `plan of ${count} components, beyond the validators`,
      measured: median(times.plan) - validators,
      goal: 500,
      unit: 'ms',
    },
    {
      name: `check of ${count} components, beyond the validators`,
      measured: median(times.check) - validators,
      goal: 500,
      unit: 'ms',
    },
  ]);
  process.stdout.write(
    `        plan takes ${(median(times.plan) / validators).toFixed(1)} x the validators (${validators.toFixed(0)} ms)\n`,
  );
} finally {
  await stack.destroy();
}
