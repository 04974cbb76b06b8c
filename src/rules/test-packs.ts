import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunProgram } from '../platform/processes.ts';
import { alertsOf, type Pack } from './pack.ts';
import { isEnabled, type PackSettings, renderPack } from './render.ts';
import { renderPackTests } from './render-tests.ts';

const TIMEOUT_MS = 120_000;

export interface TestRun {
  /** Path of promtool. */
  readonly promtool: string;
  readonly run: RunProgram;
  /** An empty directory for the rendered rules and tests; made when it is missing, and left as it is. */
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
}

/** A rule that does not do with these settings what its unit tests say. */
export interface PackFailure {
  /** Undefined when promtool refuses the file as a whole. */
  readonly alert: string | undefined;
  /** What the test is about: `fires below the limit`. */
  readonly test: string;
  /** promtool's own lines. */
  readonly detail: readonly string[];
}

/**
 * Runs the packs' unit tests on the rules as the settings make them. Empty when all pass; rejects only when promtool
 * cannot be started or the signal aborts.
 */
export async function testPacks(
  packs: readonly Pack[],
  settings: PackSettings,
  { promtool, run, directory, signal }: TestRun,
): Promise<PackFailure[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const testFiles: string[] = [];
  for (const pack of packs.flatMap(onePackEach)) {
    const rules = renderPack(pack, settings);
    if (!rules) continue;
    await writeFile(join(directory, rules.name), rules.content);
    await writeFile(join(directory, `${pack.name}.test.yml`), renderPackTests(pack, settings));
    testFiles.push(join(directory, `${pack.name}.test.yml`));
  }
  if (testFiles.length === 0) return [];
  const { exitCode, timedOut, stdout, stderr } = await run(promtool, ['test', 'rules', ...testFiles], {
    env: {},
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  if (exitCode === 0) return [];
  const output = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  if (timedOut) {
    return [{ alert: undefined, test: `no answer of promtool within ${TIMEOUT_MS / 1000} s`, detail: [] }];
  }
  return failuresIn(output, testedAlerts(packs, settings));
}

/** promtool evaluates every rule of a file in each of its tests: one file for each alert takes a quarter of the time. */
function onePackEach(pack: Pack): Pack[] {
  return pack.groups.flatMap(({ name, alerts }) =>
    alerts.map((alert) => ({ ...pack, name: alert.name, groups: [{ name, alerts: [alert] }] })),
  );
}

function testedAlerts(packs: readonly Pack[], settings: PackSettings): string[] {
  return alertsOf(packs)
    .filter((alert) => isEnabled(alert, settings))
    .map(({ name }) => name);
}

/** promtool names the test group before each failure; its groups are ours: `Alert: what it is about`. */
function failuresIn(output: readonly string[], alerts: readonly string[]): PackFailure[] {
  const failures: { alert: string | undefined; test: string; detail: string[] }[] = [];
  for (const line of output) {
    const [, alert, test] = /^\s*name: ([A-Za-z0-9]+): (.*?),?$/.exec(line) ?? [];
    if (alert !== undefined && test !== undefined && alerts.includes(alert))
      failures.push({ alert, test, detail: [] });
    else failures.at(-1)?.detail.push(line.trimEnd());
  }
  if (failures.length > 0) return failures;
  return [{ alert: undefined, test: 'promtool refuses the rules or their tests', detail: [...output] }];
}
