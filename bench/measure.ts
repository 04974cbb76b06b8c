import { spawnSync } from 'node:child_process';

/** Milliseconds of a whole run of a program; throws when it fails. */
export function timeCommand(file: string, args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export interface Goal {
  readonly name: string;
  readonly measured: number;
  readonly goal: number;
  readonly unit: string;
}

/** One line a goal; the exit code says whether all were met. */
export function report(goals: readonly Goal[]): void {
  for (const { name, measured, goal, unit } of goals) {
    const met = measured <= goal;
    process.stdout.write(
      `${met ? 'met   ' : 'MISSED'}  ${name.padEnd(44)} ${measured.toFixed(2).padStart(9)} ${unit}  (goal: at most ${goal})\n`,
    );
    if (!met) process.exitCode = 1;
  }
}
