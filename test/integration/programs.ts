import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../src/platform/environment.ts';
import { findExecutable } from '../../src/platform/files.ts';
import { runProgram } from '../../src/platform/processes.ts';
import type { Program } from '../../src/stack/program.ts';
import { parseVersion } from '../../src/stack/version.ts';

export type Generation = 'current' | 'debian';

/** Leitstand's names, the names of Debian's files, and the pinned versions of builds that do not know their own. */
const PROGRAMS = [
  { name: 'prometheus', debian: 'prometheus', current: '3.16.0' },
  { name: 'promtool', debian: 'promtool', current: '3.16.0' },
  { name: 'alertmanager', debian: 'prometheus-alertmanager', current: '0.31.1' },
  { name: 'amtool', debian: 'amtool', current: '0.31.1' },
  { name: 'pushgateway', debian: 'prometheus-pushgateway', current: '1.11.3' },
] as const;

/**
 * The five programs of one generation, or undefined where this machine has none: then the tests of that generation
 * are skipped, and say so. Looked for in LEITSTAND_TEST_PROGRAMS (directories), then in Leitstand's own cache.
 */
export async function findPrograms(generation: Generation): Promise<Map<string, Program> | undefined> {
  const found = new Map<string, Program>();
  for (const { name, debian, current } of PROGRAMS) {
    const path =
      (await findInDirectories(generation === 'debian' ? debian : name, generation)) ??
      (await findInCache(name, generation));
    if (path === undefined) return undefined;
    const version = parseVersion(generation === 'current' ? current : ((await printedVersion(path)) ?? ''));
    if (!version) return undefined;
    found.set(name, { name, path, version, origin: generation === 'debian' ? 'debian' : 'go' });
  }
  return found;
}

async function findInDirectories(file: string, generation: Generation): Promise<string | undefined> {
  for (const directory of (process.env['LEITSTAND_TEST_PROGRAMS'] ?? '').split(':')) {
    const path = directory && (await findExecutable(file, directory));
    if (!path) continue;
    // Debian's builds print their version; ours print none.
    const printed = await printedVersion(path);
    if ((printed !== undefined) === (generation === 'debian')) return path;
  }
  return undefined;
}

async function findInCache(name: string, generation: Generation): Promise<string | undefined> {
  const { newestCached } = await import('./program-cache.ts');
  const origin = generation === 'debian' ? 'debian' : 'go';
  const directory = await newestCached(cacheDirectory(process.env, homedir()), name, origin);
  return directory === undefined ? undefined : join(directory, name);
}

async function printedVersion(path: string): Promise<string | undefined> {
  const { stdout, stderr } = await runProgram(path, ['--version'], { timeoutMs: 10_000 });
  return /version (\d\S*)/.exec(stdout + stderr)?.[1];
}

async function available(): Promise<Generation[]> {
  const all: Generation[] = [];
  for (const generation of ['current', 'debian'] as const) {
    if (await findPrograms(generation)) all.push(generation);
  }
  return all;
}

/** The generations this machine has; empty means that tests with real programs cannot run here. */
export const generations: readonly Generation[] = await available();

/** For `describe.each(generations)`: throws rather than return an incomplete set. */
export async function requirePrograms(generation: Generation): Promise<ReadonlyMap<string, Program>> {
  const programs = await findPrograms(generation);
  if (!programs) throw new Error(`no ${generation} programs on this machine`);
  return programs;
}
