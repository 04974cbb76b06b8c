import type { Environment } from './environment.ts';
import type { ErrorDetails } from './errors.ts';
import type { RunProgram, RunResult } from './processes.ts';
import type { SystemdScope } from './systemd.ts';

const TIMEOUT_MS = 120_000;

/** systemctl's answer, in English and without colours. */
export function systemctl(
  scope: SystemdScope,
  { run, env }: { readonly run: RunProgram; readonly env: Environment },
  args: readonly string[],
): Promise<RunResult> {
  const { PATH, HOME, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS } = env;
  return run('systemctl', [...(scope === 'user' ? ['--user'] : []), ...args], {
    env: { PATH, HOME, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS, LC_ALL: 'C', SYSTEMD_COLORS: '0' },
    timeoutMs: TIMEOUT_MS,
  });
}

/** What to tell of an answer that is a refusal, with systemctl's own words; undefined when it is none. */
export function systemctlRefusal(
  scope: SystemdScope,
  args: readonly string[],
  { exitCode, stdout, stderr }: RunResult,
): ErrorDetails | undefined {
  if (exitCode === 0) return undefined;
  return {
    what: `systemctl ${args.join(' ')} failed`,
    why: `it ended with exit code ${exitCode ?? 'none'}`,
    detail: `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== ''),
    fix: `systemctl ${scope === 'user' ? '--user ' : ''}status ${args.at(-1) ?? ''}`,
  };
}
