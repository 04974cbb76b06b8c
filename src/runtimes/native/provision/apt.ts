import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureDirectory,
  findExecutable,
  readTextIfExists,
  writeFileAtomic,
} from '../../../platform/files.ts';
import type { RunResult } from '../../../platform/processes.ts';
import { type ProvisionContext, SourceRefused } from './source.ts';

const UPDATE_LIMIT_MS = 300_000;
const DOWNLOAD_LIMIT_MS = 600_000;
const LISTS_LIMIT_MS = 86_400_000;

/** Debian's package tools, used without being root and without touching the system's package state. */
export interface Apt {
  /** Downloads the newest version of a package that this machine's sources offer; returns the file's path. */
  download(packageName: string, into: string): Promise<string>;
  /** Unpacks a package file; returns its version. Nothing is installed, no maintainer script runs. */
  unpack(file: string, into: string): Promise<string>;
}

/**
 * The system's sources and keys are read; package lists and state are kept below `stateDir`, so that it works where
 * `apt-get update` never ran, and for a user who may not run it. Signatures are checked as always by apt.
 */
export async function openApt(stateDir: string, context: ProvisionContext): Promise<Apt> {
  const path = context.env['PATH'] ?? '';
  const [aptGet, dpkgDeb] = await Promise.all(
    ['apt-get', 'dpkg-deb'].map((name) => findExecutable(name, path)),
  );
  if (aptGet === undefined) throw new SourceRefused('apt-get is not on PATH');
  if (dpkgDeb === undefined) throw new SourceRefused('dpkg-deb is not on PATH');
  const tools: Tools = { aptGet, dpkgDeb, stateDir, context };
  return {
    download: (packageName, into) => download(tools, packageName, into),
    unpack: (file, into) => unpack(tools, file, into),
  };
}

interface Tools {
  readonly aptGet: string;
  readonly dpkgDeb: string;
  readonly stateDir: string;
  readonly context: ProvisionContext;
}

async function download(tools: Tools, packageName: string, into: string): Promise<string> {
  const areOld = await areListsOld(tools);
  let unreachable = areOld ? await update(tools) : undefined;
  let result = await fetchPackage(tools, packageName, into);
  // Lists of this morning may name files that the mirror has replaced, or lack a package that is new.
  if (result.exitCode !== 0 && !result.timedOut && !areOld) {
    unreachable = await update(tools);
    result = await fetchPackage(tools, packageName, into);
  }
  if (result.timedOut) throw new SourceRefused(`the download of ${packageName} took over 10 minutes`);
  if (result.exitCode !== 0) throw new SourceRefused(explainFailure(result, packageName, unreachable));
  const file = (await readdir(into)).find(
    (name) => name.startsWith(`${packageName}_`) && name.endsWith('.deb'),
  );
  if (file === undefined) throw new SourceRefused(`apt-get download left no file of ${packageName}`);
  return join(into, file);
}

/** Or never fetched whole. A security update shows only in new lists: the old file stays on the mirror as well. */
async function areListsOld({ stateDir, context }: Tools): Promise<boolean> {
  const fetched = Date.parse((await readTextIfExists(join(stateDir, 'updated')))?.trim() ?? '');
  const age = context.clock.now().getTime() - fetched;
  return !(age >= 0 && age < LISTS_LIMIT_MS);
}

function fetchPackage(tools: Tools, packageName: string, into: string): Promise<RunResult> {
  const args = ['-o', 'Acquire::Retries=2', 'download', packageName];
  return apt(tools, args, { cwd: into, timeoutMs: DOWNLOAD_LIMIT_MS });
}

/**
 * Its exit code is not the judge: hooks of the system's apt configuration fail for a plain user, and one dead
 * third-party source fails the whole. Whether the package can be downloaded is. Returns the server that could not
 * be reached, if any.
 */
async function update(tools: Tools): Promise<string | undefined> {
  tools.context.onProgress({ type: 'step', text: "Debian's packages: fetching the package lists" });
  await ensureDirectory(join(tools.stateDir, 'state', 'lists', 'partial'), 0o755);
  await ensureDirectory(join(tools.stateDir, 'cache', 'archives', 'partial'), 0o755);
  const args = ['-o', 'Acquire::Retries=0', 'update'];
  const result = await apt(tools, args, { cwd: '/', timeoutMs: UPDATE_LIMIT_MS });
  if (result.timedOut) return 'fetching the package lists took over 5 minutes';
  const unreachable = NO_NETWORK.exec(result.stderr)?.[0];
  if (result.exitCode === 0 && unreachable === undefined)
    await writeFileAtomic(join(tools.stateDir, 'updated'), `${tools.context.clock.now().toISOString()}\n`);
  return unreachable;
}

/** The system's hooks after an update work on the system's state; `-o` cannot clear a list. Source: apt.conf(5). */
const NO_HOOKS =
  '#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n#clear APT::Update::Pre-Invoke;\n';

async function apt(
  { aptGet, stateDir, context }: Tools,
  args: readonly string[],
  options: { readonly cwd: string; readonly timeoutMs: number },
): Promise<RunResult> {
  const settings = {
    'Dir::State': join(stateDir, 'state'),
    'Dir::State::lists': join(stateDir, 'state', 'lists'),
    'Dir::Cache': join(stateDir, 'cache'),
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    // As root, apt would hand the download to a user who cannot read our directories.
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::GzipIndexes': 'true',
    'Acquire::http::Timeout': '10',
    'Acquire::https::Timeout': '10',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const hooks = join(stateDir, 'no-hooks.conf');
  await writeFileAtomic(hooks, NO_HOOKS);
  return context.run(aptGet, ['-q', '-c', hooks, ...flags, ...args], {
    ...options,
    env: { ...context.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    signal: context.signal,
  });
}

const NO_NETWORK =
  /Temporary failure resolving '[^']*'|Could not resolve '[^']*'|Could not connect to \S+|Unable to connect to \S+|Network is unreachable/;

function explainFailure(
  result: RunResult,
  packageName: string,
  listsUnreachable: string | undefined,
): string {
  const unreachable = NO_NETWORK.exec(result.stderr)?.[0] ?? listsUnreachable;
  if (unreachable !== undefined) return `the package server cannot be reached: ${unreachable}`;
  if (
    result.stderr.includes('Unable to locate package') ||
    result.stderr.includes('has no installation candidate')
  )
    return `this machine's package sources have no package ${packageName}`;
  const lines = result.stderr.split('\n').filter((line) => line.startsWith('E: '));
  const words =
    lines.find((line) => !line.includes('Some index files')) ?? result.stderr.trim().split('\n').at(-1);
  return `apt-get ended with exit code ${result.exitCode}: ${(words ?? '').replace(/^E: /, '') || 'no message'}`;
}

async function unpack({ dpkgDeb, context }: Tools, file: string, into: string): Promise<string> {
  const options = { env: { ...context.env, LC_ALL: 'C' }, signal: context.signal };
  await ensureDirectory(into);
  const unpacked = await context.run(dpkgDeb, ['-x', file, into], options);
  if (unpacked.exitCode !== 0)
    throw new SourceRefused(
      `dpkg-deb cannot unpack the package: ${unpacked.stderr.trim().split('\n').at(-1)}`,
    );
  const field = await context.run(dpkgDeb, ['-f', file, 'Version'], options);
  return field.stdout.trim();
}
