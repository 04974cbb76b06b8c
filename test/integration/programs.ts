import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../src/platform/environment.ts';
import { findExecutable } from '../../src/platform/files.ts';
import { runProgram } from '../../src/platform/processes.ts';
import type { Program } from '../../src/stack/program.ts';
import { isAtLeast, parseVersion } from '../../src/stack/version.ts';

export type Generation = 'current' | 'debian';

interface TestProgram {
  /** Leitstand's name. */
  readonly name: string;
  /** Name of Debian's file, where there is a package. */
  readonly debian?: string;
  /** Pinned version of our own build, which does not know it itself. */
  readonly current: string;
  /** Without it there is no generation; the others may be absent, and tests that need them are skipped. */
  readonly isCore?: true;
}

export const PROGRAMS: readonly TestProgram[] = [
  { name: 'prometheus', debian: 'prometheus', current: '3.16.0', isCore: true },
  { name: 'promtool', debian: 'promtool', current: '3.16.0', isCore: true },
  { name: 'alertmanager', debian: 'prometheus-alertmanager', current: '0.31.1', isCore: true },
  { name: 'amtool', debian: 'amtool', current: '0.31.1', isCore: true },
  { name: 'pushgateway', debian: 'prometheus-pushgateway', current: '1.11.3', isCore: true },
  { name: 'node_exporter', debian: 'prometheus-node-exporter', current: '1.12.1' },
  { name: 'blackbox_exporter', debian: 'prometheus-blackbox-exporter', current: '0.28.0' },
  { name: 'victoria-logs', current: '1.52.1' },
  { name: 'versitygw', current: '1.8.0' },
];

/**
 * The programs of one generation, or undefined where this machine lacks one of the core: then the tests of that
 * generation are skipped, and say so. Looked for in LEITSTAND_TEST_PROGRAMS (directories), then in Leitstand's own
 * cache. What Debian does not have is our own build in both generations.
 */
export async function findPrograms(generation: Generation): Promise<Map<string, Program> | undefined> {
  const found = new Map<string, Program>();
  for (const program of PROGRAMS) {
    const one = await findProgram(program.name, generation);
    if (one) found.set(program.name, one);
    else if (program.isCore) return undefined;
  }
  return found;
}

/** One program, or undefined where this machine does not have it. */
export async function findProgram(
  name: string,
  generation: Generation = 'current',
): Promise<Program | undefined> {
  const program = PROGRAMS.find((one) => one.name === name);
  if (!program) throw new Error(`no test program is called ${name}`);
  const origin = generation === 'debian' && program.debian !== undefined ? 'debian' : 'go';
  const kind = origin === 'debian' ? 'debian' : 'current';
  const file = origin === 'debian' ? (program.debian ?? name) : name;
  const path = (await findInDirectories(file, kind)) ?? (await findInCache(name, kind));
  if (path === undefined) return undefined;
  const version = parseVersion(origin === 'go' ? program.current : ((await printedVersion(path)) ?? ''));
  return version && { name, path, version, origin };
}

/**
 * A program of at least that version by its own word, which neither generation has; undefined where this machine has none.
 * Looked for in LEITSTAND_TEST_PROGRAMS and on PATH.
 */
export async function findNewer(name: string, minimum: string): Promise<Program | undefined> {
  for (const directory of `${process.env['LEITSTAND_TEST_PROGRAMS'] ?? ''}:${process.env['PATH'] ?? ''}`.split(
    ':',
  )) {
    const path = directory && (await findExecutable(name, directory));
    const version = path ? parseVersion((await printedVersion(path)) ?? '') : undefined;
    if (path && version && isAtLeast(version, minimum)) return { name, path, version, origin: 'system' };
  }
  return undefined;
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

/** For `describe.each(generations)`: throws rather than return a set without the core. */
export async function requirePrograms(generation: Generation): Promise<ReadonlyMap<string, Program>> {
  const programs = await findPrograms(generation);
  if (!programs) throw new Error(`no ${generation} programs on this machine`);
  return programs;
}
