import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDirectory, unfinishedName } from '../../../platform/files.ts';
import type { RunResult } from '../../../platform/processes.ts';
import { formatElapsed } from '../../../platform/units.ts';
import type { GoBuild, Program, ProgramSpec } from '../../../stack/program.ts';
import { formatVersion, parseVersion } from '../../../stack/version.ts';
import { entryDir, isIntact, programDir, publish, readEntry } from './cache-entry.ts';
import { reportBuild, reportDownloads } from './go-progress.ts';
import { openToolchain, type Toolchain } from './go-toolchain.ts';
import { namesOf, type ProgramGroup, type ProvisionContext, SourceRefused } from './source.ts';
import { detectVersion, isNamed } from './version.ts';
import { whyUnwanted } from './wanted.ts';

/**
 * `go build` of the pinned versions into the cache. What an interrupted run has finished is taken up again. The
 * caller holds the programs' locks. Rejects with `SourceRefused` when it cannot build.
 */
export async function takeFromGo(
  group: ProgramGroup,
  context: ProvisionContext,
): Promise<readonly Program[]> {
  const programs: Program[] = [];
  for (const spec of group) {
    if (!spec.go) throw new SourceRefused(`no Go module is known for ${namesOf(group)}`);
    const version = parseVersion(spec.go.version);
    if (!version) throw new TypeError(`${spec.name}: not a version: ${spec.go.version}`);
    const unwanted = whyUnwanted(spec, version);
    if (unwanted !== undefined) throw new SourceRefused(`go would build ${unwanted}`);
    const path = (await finishedBefore(spec, spec.go, context)) ?? (await build(spec, spec.go, context));
    programs.push({ name: spec.name, path, version, origin: 'go' });
  }
  return programs;
}

async function finishedBefore(
  spec: ProgramSpec,
  { version }: GoBuild,
  { provisioning }: ProvisionContext,
): Promise<string | undefined> {
  if (!provisioning.sources.includes('cache')) return undefined;
  const directory = entryDir(provisioning.cacheDir, { name: spec.name, version, origin: 'go' });
  const entry = await readEntry(directory);
  return entry && (await isIntact(directory, entry)) ? join(directory, entry.name) : undefined;
}

async function build(spec: ProgramSpec, wanted: GoBuild, context: ProvisionContext): Promise<string> {
  const { cacheDir } = context.provisioning;
  const scratch = unfinishedName(join(programDir(cacheDir, spec.name), 'build'));
  await ensureDirectory(scratch, 0o755);
  try {
    const toolchain = await openToolchain(wanted.wrapper, join(scratch, 'tmp'), context);
    for (const file of ['go.mod', 'go.sum']) await copyFile(join(wanted.wrapper, file), join(scratch, file));
    const work = { spec, wanted, context, toolchain, scratch };
    const executable = await compile(work, await countPackages(work));
    await examine(work, executable);
    return await publish(cacheDir, executable, {
      name: spec.name,
      version: wanted.version,
      origin: 'go',
      from: wanted.package,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Work {
  readonly spec: ProgramSpec;
  readonly wanted: GoBuild;
  readonly context: ProvisionContext;
  readonly toolchain: Toolchain;
  readonly scratch: string;
}

/** Downloads the modules as well, so that afterwards only compiling is left. */
async function countPackages(work: Work): Promise<number> {
  const { wanted, spec, context } = work;
  const listed = await runGo(
    work,
    ['list', '-deps', '-mod=readonly', ...tags(wanted), wanted.package],
    reportDownloads(`${spec.name} ${wanted.version}`, context),
  );
  return listed.stdout.trim().split('\n').length;
}

async function compile(work: Work, packages: number): Promise<string> {
  const { wanted, spec, context, scratch } = work;
  const executable = join(scratch, spec.name);
  const started = context.clock.monotonic();
  const progress = reportBuild({ name: `${spec.name} ${wanted.version}`, build: wanted, packages }, context);
  const flags = ['-v', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', ...tags(wanted)];
  await runGo(work, ['build', ...flags, '-o', executable, wanted.package], progress);
  const elapsedMs = context.clock.monotonic() - started;
  const text = `${spec.name} ${wanted.version} built in ${formatElapsed(elapsedMs)}`;
  context.onProgress({ type: 'done', phase: `build ${spec.name}`, text, elapsedMs });
  return executable;
}

function tags({ tags: names }: GoBuild): string[] {
  return names?.length ? ['-tags', names.join(',')] : [];
}

async function runGo(
  { toolchain, scratch, spec, context }: Work,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<RunResult> {
  const { signal } = context;
  const options = { cwd: scratch, env: toolchain.env, signal, onLine };
  const result = await context.run(toolchain.go, args, options);
  if (result.exitCode === 0) return result;
  const log = join(programDir(context.provisioning.cacheDir, spec.name), 'last-failed-build.log');
  await writeFile(log, `go ${args.join(' ')}\n${result.stderr}`);
  throw new SourceRefused(`${spec.name}: go ${args[0]} failed: ${pickReason(result)}`, log);
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/no space left on device/, 'no space left on the device'],
  [/checksum mismatch|SECURITY ERROR/, 'a downloaded module is not the one whose checksum is in go.sum'],
  [/lookup (\S+?)(?: on \S+)?: .*/, 'the module server cannot be reached: $&'],
  [/dial tcp .*/, 'the module server cannot be reached: $&'],
  [/signal: killed/, 'the compiler was killed, most likely for lack of memory'],
];

/** One line out of many: a known cause, else the first line that is not about packages going well. */
export function pickReason({ stderr, signal, exitCode }: RunResult): string {
  for (const [pattern, text] of REASONS) {
    const match = pattern.exec(stderr);
    if (match) return text.replace('$&', match[0]);
  }
  const lines = stderr.split('\n').map((line) => line.trim());
  const told = lines.find((line) => line.includes(' ') && !/^(#|go: (downloading|finding) )/.test(line));
  return told ?? `it ended with ${signal ?? `exit code ${exitCode}`}`;
}

async function examine({ spec, wanted, context }: Work, executable: string): Promise<void> {
  const detection = await detectVersion(executable, context, spec);
  if (detection.failure !== undefined) throw new SourceRefused(`${spec.name}: ${detection.failure}`);
  if (!isNamed(detection, spec.name))
    throw new SourceRefused(`${wanted.package} says that it is ${detection.name}, not ${spec.name}`);
  const found = detection.version && formatVersion(detection.version);
  if (found !== undefined && found !== wanted.version)
    throw new SourceRefused(
      `the module in ${wanted.wrapper} builds ${spec.name} ${found}, not ${wanted.version}`,
    );
}
