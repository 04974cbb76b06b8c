// A program of its own, with what it took.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Run {
  readonly milliseconds: number;
  /** The most memory it had at once (VmHWM), in MiB; to 20 ms before its end. */
  readonly peakMib: number;
  /** Of all cores, in milliseconds; likewise to 20 ms before its end. */
  readonly cpuMs: number;
  readonly stdout: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Rejects when it fails. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const start = performance.now();
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [peakMib, cpuMs] = [0, 0];
  const look = setInterval(() => {
    peakMib = Math.max(peakMib, peakOf(child.pid));
    cpuMs = Math.max(cpuMs, cpuOf(child.pid));
  }, 20);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  try {
    const [status] = (await once(child, 'close')) as [number | null];
    const milliseconds = performance.now() - start;
    if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr}`);
    return { milliseconds, peakMib, cpuMs, stdout };
  } finally {
    clearInterval(look);
  }
}

function peakOf(pid: number | undefined): number {
  try {
    const kib = /^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Ticks of /proc/PID/stat; 100 a second on every Linux we know (getconf CLK_TCK). */
const TICK_MS = 10;

function cpuOf(pid: number | undefined): number {
  try {
    // Behind the name, which may hold anything, come 11 members before these two.
    const members = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(members[11]) + Number(members[12])) * TICK_MS;
  } catch {
    return 0;
  }
}
