// Whatever way a stack took, `up` leaves what a fresh `up` of the same file would have made.
import { chmod, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { loadConfig } from '../../src/config/load.ts';
import { pluginSchemas } from '../../src/cli/load-stack.ts';
import { stackOf } from '../../src/cli/stack-of-document.ts';
import { up } from '../../src/deployment/up.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { writeDesired } from '../../src/runtimes/native/desired.ts';
import { createNativeRuntime } from '../../src/runtimes/native/index.ts';
import { nativeLayout } from '../../src/runtimes/native/layout.ts';
import { desiredOf } from '../../src/runtimes/native/preview.ts';
import type { Program } from '../../src/stack/program.ts';
import type { EnvironmentName, Stack } from '../../src/stack/stack.ts';

interface Choice {
  readonly environment: EnvironmentName;
  readonly language: 'en' | 'de';
  readonly retention: number;
  readonly pushgateway: boolean;
  readonly blackbox: boolean;
  readonly team: boolean;
  readonly token: string;
  readonly watchdog: boolean;
  readonly job: boolean;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  environment: fc.constantFrom('local', 'staging', 'production'),
  language: fc.constantFrom('en', 'de'),
  retention: fc.integer({ min: 1, max: 3 }),
  pushgateway: fc.boolean(),
  blackbox: fc.boolean(),
  team: fc.boolean(),
  token: fc.constantFrom('a', 'b'),
  watchdog: fc.boolean(),
  job: fc.boolean(),
});

function fileOf(wanted: Choice): string {
  return `schema: 1
stack: any-way
language: ${wanted.language}
components:
  prometheus: {retention: ${wanted.retention}d}
  alertmanager:
${wanted.pushgateway ? '  pushgateway:\n' : ''}${wanted.blackbox ? '  blackbox-exporter: {probes: [{url: "https://example.org/"}]}\n' : ''}
receivers:
  on-call: {slack: [{webhook_url: "$\{secret:HOOK}", channel: "#alerts"}]}
${wanted.team ? '  team: {webhook: [{url: "${secret:HOOK}"}]}\n' : ''}
routing: {default: on-call}
rules: {alerts: {TargetDown: {enabled: ${wanted.watchdog}}}}
${wanted.job ? 'scrape_jobs: [{job_name: app, static_configs: [{targets: ["127.0.0.1:8080"]}]}]\n' : ''}
environments:
  staging: {components: {prometheus: {retention: 30d}}}
  production: {components: {prometheus: {memory: 1GiB}, pushgateway: }}
`;
}

async function stackIn(directory: string, wanted: Choice): Promise<Stack> {
  await writeFile(join(directory, 'leitstand.yaml'), fileOf(wanted));
  const config = await loadConfig({
    file: join(directory, 'leitstand.yaml'),
    schemas: await pluginSchemas(catalog),
    env: { HOOK: `https://hooks.example.org/services/T00000000/B00000000/${wanted.token.repeat(24)}` },
    environment: wanted.environment,
  });
  const [components, receivers] = [await catalog.components(), await catalog.receivers()];
  return stackOf(config, { components, receivers, env: {} });
}

/** Everything but the processes is real: they are what the record of wanted components stands for. */
async function apply(directory: string, wanted: Choice): Promise<void> {
  const stack = await stackIn(directory, wanted);
  const layout = nativeLayout(stack.stateDir);
  const native = createNativeRuntime({
    stateDir: stack.stateDir,
    env: {},
    clock: systemClock,
    daemonCommand: [],
  });
  await up({
    stack,
    components: await catalog.components(),
    runtime: {
      ...native,
      assertStartable: async () => undefined,
      apply: async (request) => {
        await writeDesired(layout, desiredOf(layout, request));
        return {};
      },
    },
    expectedProofs: [],
    provision: async (specs) => new Map(specs.map(({ name }) => [name, programOf(name)])),
    run: async () => ({ exitCode: 0, stdout: '', stderr: '', timedOut: false, signal: null }),
    clock: systemClock,
    onProgress: () => undefined,
  });
}

function programOf(name: string): Program {
  const version = { major: name.startsWith('prom') ? 3 : 0, minor: 31, patch: 0 };
  return { name, path: `/srv/${name}`, version, origin: 'configured' };
}

/** Paths, modes and contents of what `up` leaves. */
async function stateOf(directory: string): Promise<Record<string, string>> {
  const root = join(directory, '.leitstand');
  const state: Record<string, string> = {};
  for (const part of ['rendered', 'secrets', 'run']) {
    for (const entry of await readdir(join(root, part), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(root.length + 1);
      if (/\.(lock|holder)/.test(name)) continue;
      if (entry.isSymbolicLink()) state[name] = `-> ${await readlink(path)}`;
      if (!entry.isFile()) continue;
      await chmod(path, (await stat(path)).mode | 0o400);
      const mode = ((await stat(path)).mode & 0o777).toString(8);
      state[name] = `${mode} ${await readFile(path, 'utf8')}`;
    }
  }
  return { ...state, environment: await readFile(join(root, 'environment'), 'utf8') };
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'leitstand-any-way-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

describe('any sequence of edits and ups', () => {
  it('ends in the same rendered state as a fresh up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(choice, { minLength: 2, maxLength: 4 }), async (way) => {
        const last = way.at(-1);
        if (!last) return;
        // In one directory, since its path is in what is rendered.
        await inDirectory(async (directory) => {
          for (const each of way) await apply(directory, each);
          const long = await stateOf(directory);
          await rm(join(directory, '.leitstand'), { recursive: true });
          await apply(directory, last);
          expect(long).toEqual(await stateOf(directory));
        });
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it('would be noticed: a changed secret changes the state', async () => {
    const base: Choice = {
      environment: 'local',
      language: 'en',
      retention: 1,
      pushgateway: true,
      blackbox: false,
      team: true,
      token: 'a',
      watchdog: true,
      job: false,
    };
    await inDirectory(async (directory) => {
      await apply(directory, base);
      const one = await stateOf(directory);
      expect(Object.keys(one)).toContain('rendered/alertmanager');
      await apply(directory, { ...base, token: 'b' });
      expect(await stateOf(directory)).not.toEqual(one);
    });
  });
});
