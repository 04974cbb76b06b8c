import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { systemErrorCode } from '../../platform/errors.ts';
import { ensureDirectory } from '../../platform/files.ts';
import { identifyProcess, type ProcessIdentity } from '../../platform/process-table.ts';
import type { DesiredComponent } from './desired.ts';
import { runtimeErrors } from './errors.ts';
import { openLog } from './log-file.ts';

/** Environment variable that every process of a stack carries: `<scope of the stack>:<component>`. */
export const MARKER = 'LEITSTAND_COMPONENT';

/** Go's collector works against the limit from here on; the rest is for stacks and what is not Go's. */
const SOFT_LIMIT_SHARE = 0.9;

export interface LaunchedProcess {
  readonly identity: ProcessIdentity;
  readonly child: ChildProcess;
}

/**
 * Starts a program in its own process group, its output appended to the log by descriptor: it outlives us.
 * Nothing of our own environment is passed on. Throws LS-RUNTIME-005 when it cannot be executed; undefined when
 * it has already ended.
 */
export async function launch(
  wanted: DesiredComponent,
  marker: string,
  logPath: string,
): Promise<LaunchedProcess | undefined> {
  await ensureDirectory(wanted.dataDir);
  await requireOwnDirectory(wanted);
  const env = await programEnvironment(wanted, marker);
  const log = await openLog(logPath);
  try {
    const child = spawn(wanted.programPath, wanted.args, {
      cwd: wanted.dataDir,
      detached: true,
      env,
      stdio: ['ignore', log.fd, log.fd],
    });
    await started(child, wanted);
    child.unref();
    const identity = child.pid === undefined ? undefined : await identifyProcess(child.pid);
    return identity && { identity, child };
  } finally {
    await log.close();
  }
}

/**
 * What every program gets, and no more; the plan's own variables win over PATH, HOME and GOMEMLIMIT. Secrets are read
 * from their files now and kept nowhere. Throws LS-RUNTIME-014.
 */
export async function programEnvironment(
  wanted: Pick<DesiredComponent, 'component' | 'env' | 'secretEnv' | 'dataDir' | 'memoryLimit'>,
  marker: string,
): Promise<Record<string, string>> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: wanted.dataDir,
    ...(wanted.memoryLimit === undefined
      ? {}
      : { GOMEMLIMIT: `${Math.floor(wanted.memoryLimit * SOFT_LIMIT_SHARE)}B` }),
    ...wanted.env,
    ...(await readSecrets(wanted)),
    [MARKER]: marker,
  };
}

async function readSecrets({
  component,
  secretEnv = {},
}: Pick<DesiredComponent, 'component' | 'secretEnv'>): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [variable, file] of Object.entries(secretEnv)) {
    const unusable = (why: string | undefined, cause?: unknown) =>
      runtimeErrors.error('LS-RUNTIME-014', {
        what: `${component} cannot be started without the secret in ${variable}`,
        why,
        where: { file },
        fix: 'write it anew from leitstand.yaml: leitstand up',
        cause,
      });
    const value = await readFile(file, 'utf8').catch((error: unknown) => {
      throw unusable(systemErrorCode(error), error);
    });
    // Node's own refusal would quote the value.
    if (value.includes('\0')) throw unusable('it holds a zero byte, which ends an environment variable');
    values[variable] = value;
  }
  return values;
}

/** The system says EACCES of the program when it is the working directory that is closed. */
async function requireOwnDirectory({ component, dataDir }: DesiredComponent): Promise<void> {
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw runtimeErrors.error('LS-RUNTIME-010', {
      what: `the data directory of ${component} is closed to this user`,
      why: systemErrorCode(error),
      where: { file: dataDir },
      fix: `open it again: chmod u+rwx ${dataDir}; if another user owns it, run as that user`,
      cause: error,
    });
  }
}

function started(child: ChildProcess, wanted: DesiredComponent): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        runtimeErrors.error('LS-RUNTIME-005', {
          what: `${wanted.component} cannot be executed`,
          why: `${wanted.programPath}: ${error.code ?? error.message}`,
          where: { file: wanted.programPath },
          fix: `run \`${wanted.programPath} --version\` by hand; if it fails as well, remove the file and run \`leitstand up\`, which gets the program again`,
          cause: error,
        }),
      ),
    );
  });
}

/** How a process ended, for people: `exited with code 1`. */
export function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exited with code ${code ?? 'unknown'}` : `was ended by ${signal}`;
}
