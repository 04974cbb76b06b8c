// What can be set from outside, and where the data goes.
import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of each figure the median of so many is taken; slow ones take fewer. */
const RUNS = numberOf('LEITSTAND_BENCH_RUNS', 5);
/** Part of the full size; for trying the benchmark itself. */
const SCALE = numberOf('LEITSTAND_BENCH_SCALE', 1);
/** The most that lies there at once: source, two repositories, a restored copy. */
const NEEDED_BYTES = 14 * 1024 ** 3;

function numberOf(variable: string, otherwise: number): number {
  const value = Number(process.env[variable] ?? otherwise);
  if (!(value > 0)) throw new Error(`${variable} is no number above 0`);
  return value;
}

export function scaled(count: number): number {
  return Math.max(1, Math.round(count * SCALE));
}

export function runs(most = RUNS): number {
  return Math.max(1, Math.min(RUNS, most));
}

/** LEITSTAND_BENCH_DIR; else in memory where there is room for it, since a disk would be measured otherwise. */
export function scratchDirectory(): string {
  const chosen = process.env['LEITSTAND_BENCH_DIR'];
  if (chosen !== undefined) return mkdtempSync(join(chosen, 'leitstand-bench-'));
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize > NEEDED_BYTES * Math.min(1, SCALE)) return mkdtempSync('/dev/shm/leitstand-bench-');
  } catch {
    // No such place on this system.
  }
  return mkdtempSync(join(tmpdir(), 'leitstand-bench-'));
}
