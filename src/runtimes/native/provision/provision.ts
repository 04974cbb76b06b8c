import { dirname } from 'node:path';
import { childEnvironment } from '../../../platform/environment.ts';
import { LeitstandError, LeitstandErrors } from '../../../platform/errors.ts';
import type { NeededProgram, Program } from '../../../stack/program.ts';
import type { ProvisionSource } from '../../../stack/stack.ts';
import { formatVersion, isAtLeast } from '../../../stack/version.ts';
import { type CacheAnswer, type CachedPrograms, lookInCache } from './cache.ts';
import { CACHED_ORIGINS, type CachedOrigin } from './cache-entry.ts';
import { takeConfigured } from './configured.ts';
import { takeFromDebian } from './debian.ts';
import { cacheError, provisionErrors } from './errors.ts';
import { takeFromGo } from './go-build.ts';
import { groupPrograms } from './groups.ts';
import { withProgramLocks } from './program-lock.ts';
import { honourLock, openLockFile } from './release/lock-file.ts';
import { type ReleaseRun, takeFromRelease } from './release/release.ts';
import {
  describeProgram,
  namesOf,
  type ProgramGroup,
  type ProvisionContext,
  SourceRefused,
} from './source.ts';
import { takeFromSystem } from './system.ts';
import { currentVersion, refuseWish, SYSTEM } from './wanted.ts';

export { LOCK_FILE } from './release/lock-file.ts';
export type { ProvisionContext } from './source.ts';

const BUILDERS = { release: takeFromRelease, debian: takeFromDebian, go: takeFromGo } as const;

/** The caller's context, with what the groups of one run share. */
type Run = ProvisionContext & ReleaseRun;

/** One program; its tools should be asked for in the same call of `provisionPrograms`. */
export async function provisionProgram(spec: NeededProgram, context: ProvisionContext): Promise<Program> {
  const program = (await provisionPrograms([spec], context)).get(spec.name);
  if (!program) throw new TypeError(`${spec.name} was not provisioned`);
  return program;
}

/**
 * Every program by its name, from the first place that has it: the configured path, this machine (`version: system`),
 * then `provision.sources` in order. A program and its tools come from one source in one version. Rejects with LS-PROVISION errors, or with the
 * signal's reason; what was finished until then stays in the cache, what was not leaves nothing that counts.
 */
export async function provisionPrograms(
  specs: readonly NeededProgram[],
  caller: ProvisionContext,
): Promise<ReadonlyMap<string, Program>> {
  const context: Run = {
    ...caller,
    env: childEnvironment(caller.env),
    lock: openLockFile(caller.lockFile, caller.onProgress),
    silent: new Map(),
  };
  const wanted = [...new Map(specs.map((spec) => [spec.name, spec])).values()];
  const programs = await takeAllNamed(wanted, context);
  const groups = groupPrograms(wanted.filter((spec) => !programs.has(spec.name)));
  for (const group of groups) {
    for (const program of await provisionGroup(group, context)) programs.set(program.name, program);
  }
  warnOfMixedVersions(wanted, programs, context);
  return programs;
}

/** By path or by `version: system`. All mistakes in one run, and before anything is downloaded. */
async function takeAllNamed(specs: readonly NeededProgram[], context: Run): Promise<Map<string, Program>> {
  const programs = new Map<string, Program>();
  const mistakes: LeitstandError[] = [];
  for (const spec of specs) {
    const path = context.provisioning.paths[spec.name];
    const taken =
      path !== undefined
        ? await takeConfigured(spec, path, context)
        : spec.wanted === SYSTEM
          ? await takeFromSystem(spec, context)
          : refuseWish(spec);
    if (taken instanceof LeitstandError) mistakes.push(taken);
    else if (taken) programs.set(spec.name, taken);
  }
  const [first, ...more] = mistakes;
  if (first) throw more.length === 0 ? first : new LeitstandErrors(mistakes);
  return programs;
}

async function provisionGroup(group: ProgramGroup, context: Run): Promise<readonly Program[]> {
  const { sources, cacheDir } = context.provisioning;
  if (sources[0] === 'cache') {
    const cached = await lookup(group, context);
    if ('programs' in cached) return takeCached(group, cached, context);
  }
  try {
    const names = group.map((spec) => spec.name);
    return await withProgramLocks(names, context, () => askSources(group, context));
  } catch (error) {
    throw cacheError(error, cacheDir) ?? error;
  }
}

/** Under the locks. The cache is asked again: another Leitstand may have filled it while we waited. */
async function askSources(group: ProgramGroup, context: Run): Promise<readonly Program[]> {
  const refusals: Refusal[] = [];
  let waiting = [...context.provisioning.sources];
  for (let source = waiting.shift(); source !== undefined; source = waiting.shift()) {
    if (source === 'cache') {
      const cached = await lookup(group, context);
      if ('programs' in cached) return takeCached(group, cached, context);
      if (cached.damaged !== undefined) context.onProgress({ type: 'warning', text: cached.refused });
      refusals.push({ source, reason: cached.refused });
      waiting = completingFirst(waiting, cached.partOf);
      continue;
    }
    try {
      const programs = await BUILDERS[source](group, context, context);
      for (const program of programs) context.onProgress({ type: 'step', text: describeProgram(program) });
      return programs;
    } catch (error) {
      if (!(error instanceof SourceRefused)) throw error;
      refusals.push({ source, reason: error.message, log: error.log });
      context.onProgress({ type: 'step', text: `${namesOf(group)}: not from ${source}: ${error.message}` });
    }
  }
  throw allRefused(group, refusals);
}

/** The cache alone, as in a closed network, may come from anywhere; beside sources, it is what they made. */
function lookup(group: ProgramGroup, { provisioning }: Run): Promise<CacheAnswer> {
  const listed = provisioning.sources.filter((source) => source !== 'cache');
  const origins = listed.length > 0 ? listed : CACHED_ORIGINS;
  return lookInCache(provisioning.cacheDir, group, { origins });
}

/** A group that is partly there is completed from where it came, rather than had in another version. */
function completingFirst(
  sources: readonly ProvisionSource[],
  partOf: CachedOrigin | undefined,
): ProvisionSource[] {
  return [...sources.filter((source) => source === partOf), ...sources.filter((source) => source !== partOf)];
}

async function takeCached(
  group: ProgramGroup,
  { programs, entries }: CachedPrograms,
  context: Run,
): Promise<readonly Program[]> {
  for (const [index, entry] of entries.entries())
    await honourLock(context.lock, entry, programs[index]?.path ?? entry.name);
  return announceCached(group, programs, context);
}

/** What is as it was needs no words; what could be newer does. */
function announceCached(
  group: ProgramGroup,
  programs: readonly Program[],
  { onProgress }: ProvisionContext,
): readonly Program[] {
  for (const program of programs) {
    const spec = group.find(({ name }) => name === program.name);
    const current = spec && currentVersion(spec);
    const isOld =
      program.origin !== 'debian' && current !== undefined && !isAtLeast(program.version, current);
    if (!isOld || spec?.wanted !== undefined) continue;
    const text = `${describeProgram(program)}, from the cache: remove ${dirname(program.path)} to have ${current}`;
    onProgress({ type: 'warning', text });
  }
  return programs;
}

interface Refusal {
  readonly source: ProvisionSource;
  readonly reason: string;
  readonly log?: string | undefined;
}

function allRefused(group: ProgramGroup, refusals: readonly Refusal[]): LeitstandError {
  const [{ name }] = group;
  const lines = refusals.map(({ source, reason }) => `${source}: ${reason}`);
  const logs = refusals.flatMap(({ source, log }) => (log ? [`${source}'s whole output: ${log}`] : []));
  return provisionErrors.error('LS-PROVISION-001', {
    what: `${namesOf(group)} cannot be had`,
    why:
      refusals.length === 0
        ? 'provision.sources names no source'
        : `every source in provision.sources refused (${refusals.map(({ source }) => source).join(', ')})`,
    detail: [...lines, ...logs],
    fix: `remove one of these reasons, or download ${name} from its project and name it in leitstand.yaml: provision: {paths: {${group.map((spec) => `${spec.name}: /path/to/${spec.name}`).join(', ')}}}`,
  });
}

/** Only configured paths can bring this about; who configures one program should configure its tools. */
function warnOfMixedVersions(
  specs: readonly NeededProgram[],
  programs: ReadonlyMap<string, Program>,
  { onProgress }: ProvisionContext,
): void {
  for (const [first, ...tools] of groupPrograms(specs)) {
    const main = programs.get(first.name);
    for (const { name } of tools) {
      const tool = programs.get(name);
      if (!main || !tool || formatVersion(main.version) === formatVersion(tool.version)) continue;
      const text = `${name} is ${formatVersion(tool.version)}, ${main.name} is ${formatVersion(main.version)}: set provision.paths.${main.origin === 'configured' ? name : main.name} to one of the same version`;
      onProgress({ type: 'warning', text });
    }
  }
}
