import { dirname } from 'node:path';
import { systemErrorCode } from '../../../platform/errors.ts';
import type { RunResult } from '../../../platform/processes.ts';
import type { GoBuild, ProgramSpec } from '../../../stack/program.ts';
import { parseVersion, type Version } from '../../../stack/version.ts';
import { readEntry } from './cache-entry.ts';
import { findGo } from './go-toolchain.ts';
import type { ProvisionContext } from './source.ts';

type Look = Pick<ProvisionContext, 'run' | 'env' | 'signal' | 'clock'>;

/** What an executable tells about itself. */
export interface Detection {
  /** Undefined when nothing tells it; never guessed. */
  readonly version: Version | undefined;
  /** The name it gives itself, where its answer to --version has the form all Prometheus programs share. */
  readonly name: string | undefined;
  /** Why it cannot be run, in words. */
  readonly failure: string | undefined;
}

/**
 * Asks the program itself, then Leitstand's record beside it, then the Go toolchain: executables made by `go build`
 * print an empty version. Rejects only when cancelled.
 */
export async function detectVersion(path: string, look: Look, spec?: ProgramSpec): Promise<Detection> {
  const answer = await askProgram(path, look);
  if (answer.failure !== undefined || answer.version) return answer;
  const recorded = (await readEntry(dirname(path)))?.version;
  const version = parseVersion(recorded ?? '') ?? (await askToolchain(path, look, spec?.go));
  return { ...answer, version };
}

/**
 * The answers to --version: of Prometheus' programs `prometheus, version 2.42.0+ds (branch: …)`, of VictoriaMetrics'
 * `victoria-logs-20260801-120000-tags-v1.52.1-0-g0123abc`, of versitygw `Version  : 1.8.0`. The number may be missing.
 */
const ANSWERS: readonly RegExp[] = [
  /^(?<name>\S+), version(?: v?(?<version>\d\S*))?/m,
  /^(?<name>[a-z-]+)-\d{8}-\d{6}-tags-v(?<version>\d\S*)/m,
  /^Version\s*: v?(?<version>\d\S*)/m,
];

export function parseVersionAnswer(text: string): Pick<Detection, 'name' | 'version'> {
  for (const pattern of ANSWERS) {
    const { name, version } = pattern.exec(text)?.groups ?? {};
    if (name !== undefined || version !== undefined)
      return { name, version: version === undefined ? undefined : parseVersion(version) };
  }
  return { name: undefined, version: undefined };
}

async function askProgram(path: string, look: Look): Promise<Detection> {
  const unusable = (failure: string) => ({ name: undefined, version: undefined, failure });
  let result: RunResult;
  try {
    result = await runFresh(path, look);
  } catch (error) {
    look.signal?.throwIfAborted();
    return unusable(`it cannot be executed: ${(error as Error).message}`);
  }
  if (result.timedOut) return unusable('it did not answer --version within 10 s');
  const answer = parseVersionAnswer(`${result.stdout}\n${result.stderr}`);
  if (result.exitCode === 0) return { ...answer, failure: undefined };
  const words = (result.stderr || result.stdout).trim().split('\n')[0] ?? '';
  return unusable(
    `--version ended with ${result.signal ?? `exit code ${result.exitCode}`}${words && `: ${words}`}`,
  );
}

/**
 * A file that was written a moment ago may still be open for writing in another child, between its fork and its exec:
 * the kernel then refuses to run it (ETXTBSY).
 */
async function runFresh(path: string, { run, env, signal, clock }: Look): Promise<RunResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run(path, ['--version'], { env, signal, timeoutMs: 10_000 });
    } catch (error) {
      if (systemErrorCode(error) !== 'ETXTBSY' || attempt === 10) throw error;
      await clock.sleep(50, signal);
    }
  }
}

/** `go version -m` prints the module that the main package is of: `mod github.com/prometheus/prometheus v0.316.0`. */
async function askToolchain(
  path: string,
  look: Look,
  build: GoBuild | undefined,
): Promise<Version | undefined> {
  const go = await findGo(look.env);
  if (go === undefined) return undefined;
  try {
    const { stdout } = await look.run(go, ['version', '-m', path], { ...look, cwd: '/', timeoutMs: 30_000 });
    return versionOfModule(stdout, build);
  } catch {
    look.signal?.throwIfAborted();
    return undefined;
  }
}

function versionOfModule(listing: string, build: GoBuild | undefined): Version | undefined {
  const moduleVersion = /^\tmod\t\S+\t(v\d\S*)/m.exec(listing)?.[1];
  if (moduleVersion === undefined) return undefined;
  const isThisBuild = /^\tpath\t(\S+)$/m.exec(listing)?.[1] === build?.package;
  const version = isThisBuild && build?.programVersion ? build.programVersion(moduleVersion) : moduleVersion;
  return version === undefined ? undefined : parseVersion(version);
}

/** True when the program is the wanted one, or does not say which it is. */
export function isNamed(detection: Detection, name: string): boolean {
  return detection.name === undefined || plain(detection.name) === plain(name);
}

function plain(name: string): string {
  return name.replaceAll('_', '-').toLowerCase();
}
