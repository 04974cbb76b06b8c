import { spawn } from 'node:child_process';
import { systemErrorCode } from './errors.ts';

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the child; nothing is inherited that is not in here. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; the child and all that it started are killed after it and `timedOut` is set. */
  readonly timeoutMs?: number;
  /** Milliseconds between being told to end (SIGTERM) and being killed, on abort and timeout; default: killed at once. */
  readonly graceMs?: number;
  /** Called with each complete line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** Runs a program to its end; an exit code other than 0 is a result, not an error. Injected into use cases. */
export type RunProgram = (file: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>;

/** What a program may say before the rest is dropped: a flood must not become ours. */
const MAX_OUTPUT_CHARACTERS = 32 * 1024 * 1024;

/**
 * The child leads a process group of its own, which abort and timeout kill as a whole: programs start others (`go
 * build`, a wrapper script), which would keep us waiting at their pipes. Rejects only when the program cannot be
 * started at all (`ENOENT`, `EACCES`) or the signal aborts.
 */
export const runProgram: RunProgram = (file, args, options = {}) =>
  new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const output = { stdout: '', stderr: '' };
    let timedOut = false;
    let mercy: NodeJS.Timeout | undefined;
    const abort = () => {
      if (options.graceMs === undefined) return killGroup(child.pid, 'SIGKILL');
      killGroup(child.pid, 'SIGTERM');
      mercy ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), options.graceMs);
    };
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            abort();
          }, options.timeoutMs);
    options.signal?.addEventListener('abort', abort, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      const lines = options.onLine && lineSplitter(options.onLine);
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        if (output[name].length < MAX_OUTPUT_CHARACTERS) output[name] += chunk;
        lines?.(chunk);
      });
    }
    const settle = () => {
      clearTimeout(timer);
      clearTimeout(mercy);
      options.signal?.removeEventListener('abort', abort);
    };
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('close', (exitCode, signal) => {
      settle();
      if (options.signal?.aborted) reject(options.signal.reason as Error);
      else resolve({ exitCode, signal, ...output, timedOut });
    });
    // A child that ends early closes its stdin; that is its own affair.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });

function killGroup(leader: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // The group ended by itself meanwhile.
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

function lineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}
