import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { isAlive, type ProcessIdentity, identifyProcess } from '../../platform/process-table.ts';
import type { Place, Plan } from '../../stack/plan.ts';
import type { Twin, TwinRequest } from '../../stack/runtime.ts';
import { formatVersion } from '../../stack/version.ts';
import type { DesiredComponent } from './desired.ts';
import { runtimeErrors } from './errors.ts';
import { doesNotStart, notReadyInTime } from './failures.ts';
import { describeExit, programEnvironment } from './launch.ts';
import { lastLines, openLog } from './log-file.ts';
import { writePlanFiles } from './plan-files.ts';
import { requireFreePorts } from './port-check.ts';
import { waitUntilReady } from './readiness.ts';
import { endOfChild } from './supervised-process.ts';
import { DEFAULT_TIMES } from './supervision.ts';

/**
 * The shell becomes the program, so that pid and exit code are the program's; beside it, in the same process group,
 * a watcher reads a pipe whose other end only we hold. However we die, the kernel closes it, the watcher reads the
 * end and kills the group: a twin never outlives its drill. (`exec 3<&0` first: a background job gets /dev/null.)
 */
const TETHER = `
exec 3<&0
( read -r _ <&3; kill -s KILL -- -$$ ) >/dev/null 2>&1 </dev/null &
exec "$@" </dev/null 3<&-`;

/** A drill's program may replay much before it is ready. */
const TWIN_READY_TIMEOUT_MS = 120_000;
/** Of what a twin wrote before it ended: enough to recognise a panic. */
const END_LINES = 3;
const END_CHARACTERS = 400;

export function twinPlace(directory: string): Place {
  return {
    config: join(directory, 'config'),
    data: join(directory, 'data'),
    secret: (name) => join(directory, 'secrets', name),
    listen: (port) => `127.0.0.1:${port}`,
    address: (_component, port) => `127.0.0.1:${port}`,
    externalUrl: (port) => `http://127.0.0.1:${port}`,
  };
}

export async function startTwin(request: TwinRequest, clock: Clock): Promise<Twin> {
  const { plan, directory, signal } = request;
  signal?.throwIfAborted();
  await writePlanFiles(plan, twinPlace(directory));
  const wanted = desiredOfPlan(plan, twinPlace(directory), '');
  await requireFreePorts(wanted, { clock, isOwn: () => false });
  const logPath = join(directory, 'log.txt');
  const child = await spawnTethered(wanted, logPath);
  const identity = child.pid === undefined ? undefined : await identifyProcess(child.pid);
  const stop = () => endTwin(child, identity, clock);
  try {
    await becomeReady(wanted, child, identity, logPath, clock, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${plan.ready.port}`,
    ended: () => endWithLog(child, identity, logPath),
    logTail: (lines) => lastLines(logPath, lines),
    stop,
  };
}

/** How a plan runs natively; the data directory is also its working directory and home. */
export function desiredOfPlan(
  plan: Plan,
  place: Pick<Place, 'data' | 'secret'>,
  filesHash: string,
): DesiredComponent {
  const url = (target: { readonly port: number; readonly path: string }) =>
    `http://127.0.0.1:${target.port}${target.path}`;
  return {
    component: plan.component,
    programPath: plan.program.path,
    programVersion: formatVersion(plan.program.version),
    args: plan.args,
    env: plan.env,
    ...secretVariables(plan, place),
    dataDir: place.data,
    ...(plan.memoryLimit === undefined ? {} : { memoryLimit: plan.memoryLimit }),
    ready: { url: url(plan.ready) },
    ...(plan.reload ? { reloadUrl: url(plan.reload) } : {}),
    ports: plan.ports.map((use) => use.port),
    filesHash,
  };
}

/** Paths and a hash; the values are in files that only this user can read. */
function secretVariables(
  { component, secretEnv, secrets }: Plan,
  place: Pick<Place, 'secret'>,
): Pick<DesiredComponent, 'secretEnv' | 'secretsHash'> {
  if (secretEnv === undefined) return {};
  const hash = createHash('sha256').update(component);
  for (const [variable, name] of Object.entries(secretEnv)) {
    const secret = secrets.find((file) => file.name === name);
    if (!secret)
      throw new TypeError(`${component}: ${variable} is to hold ${name}, which is not among its secrets`);
    hash.update(JSON.stringify([variable, secret.value.reveal()]));
  }
  return {
    secretEnv: Object.fromEntries(
      Object.entries(secretEnv).map(([variable, name]) => [variable, place.secret(name)]),
    ),
    secretsHash: hash.digest('hex'),
  };
}

async function spawnTethered(wanted: DesiredComponent, logPath: string): Promise<ChildProcess> {
  const env = await programEnvironment(wanted, `twin:${wanted.component}`);
  const log = await openLog(logPath);
  try {
    const child = spawn('/bin/sh', ['-c', TETHER, 'twin', wanted.programPath, ...wanted.args], {
      cwd: wanted.dataDir,
      detached: true,
      env,
      stdio: ['pipe', log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    // Writing is never tried; the watcher's end may close at any time.
    child.stdin?.on('error', () => undefined);
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

async function becomeReady(
  wanted: DesiredComponent,
  child: ChildProcess,
  identity: ProcessIdentity | undefined,
  logPath: string,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<void> {
  const result = await waitUntilReady(wanted.ready.url, {
    clock,
    pollMs: DEFAULT_TIMES.readyPoll,
    timeoutMs: TWIN_READY_TIMEOUT_MS,
    signal,
    ended: async () =>
      identity ? endOfChild(child, identity) : describeExit(child.exitCode, child.signalCode),
  });
  const component = `the twin of ${wanted.component}`;
  if (result.outcome === 'ended')
    throw await doesNotStart({ component, how: result.how, logPath, logOffset: 0 });
  if (result.outcome === 'late') {
    const waited = { reason: result.reason, waitedMs: TWIN_READY_TIMEOUT_MS, pid: child.pid ?? 0 };
    throw await notReadyInTime({ component, logPath, logOffset: 0, ...waited });
  }
}

async function endWithLog(
  child: ChildProcess,
  identity: ProcessIdentity | undefined,
  logPath: string,
): Promise<string | undefined> {
  const how = identity ? await endOfChild(child, identity) : describeExit(child.exitCode, child.signalCode);
  if (how === undefined) return undefined;
  const lines = (await lastLines(logPath, END_LINES)).filter((line) => line.trim() !== '');
  return lines.length === 0 ? how : `${how}; it wrote: ${lines.join(' | ').slice(0, END_CHARACTERS)}`;
}

/** Closing the pipe has the watcher kill the group: the same road as our own death. */
async function endTwin(
  child: ChildProcess,
  identity: ProcessIdentity | undefined,
  clock: Clock,
): Promise<void> {
  child.stdin?.destroy();
  const deadline = clock.monotonic() + 10_000;
  while (identity && (await isAlive(identity))) {
    if (clock.monotonic() > deadline) {
      throw runtimeErrors.error('LS-RUNTIME-007', {
        what: `the twin (pid ${identity.pid}) does not end`,
        fix: `kill -9 ${identity.pid}`,
      });
    }
    await clock.sleep(10);
  }
}
