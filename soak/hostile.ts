import assert from 'node:assert/strict';
import { join } from 'node:path';
import { runProgram } from '../src/platform/processes.ts';
import { type Die, dieFrom } from './die.ts';
import { ATTACKS } from './hostile-attacks.ts';
import type { Outcome } from './hostile-worker.ts';
import type { Scenario } from './scenario.ts';

/** Of the heap, in MiB; and what the process may take in all. A list of 50,000 files needs a part of that. */
const HEAP_MIB = 256;
const MOST_MIB = 1100;
const PATIENCE_MS = 600_000;

/** Attacks, by number, one after the other in a process with little memory. Throws when one of them came to anything. */
export async function playAttacks(
  numbers: readonly number[],
  directory: string,
  seed: number,
): Promise<readonly Outcome[]> {
  const worker = join(import.meta.dirname, 'hostile-worker.ts');
  const args = [`--max-old-space-size=${HEAP_MIB}`, worker, directory, String(seed), ...numbers.map(String)];
  const { exitCode, signal, stdout, stderr } = await runProgram(process.execPath, args, {
    timeoutMs: PATIENCE_MS,
  });
  const outcomes = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Outcome);
  const next = ATTACKS[numbers[outcomes.length] ?? -1]?.name ?? 'none';
  assert.deepEqual([exitCode, signal], [0, null], `ended during: ${next}\n${stderr}`);
  for (const { attack, wrong, peakMiB } of outcomes) {
    assert.deepEqual(wrong, [], attack);
    assert.ok(peakMiB <= MOST_MIB, `${attack}: ${peakMiB} MiB`);
  }
  return outcomes;
}

/** Of the attacks that throw dice themselves. */
function randomAttacks(die: Die, count: number): number[] {
  const dicey = ATTACKS.flatMap(({ name }, number) =>
    /anywhere|gone|changed places|without sense|wild|beyond/.test(name) ? [number] : [],
  );
  return Array.from({ length: count }, () => die.of(dicey));
}

export const hostile: Scenario = {
  name: 'hostile',
  summary:
    'somebody else writes to the repository, also with our key: no crash, little memory, nothing outside',
  play: async (seed, directory) => {
    const die = dieFrom(seed);
    const numbers = [...randomAttacks(die, 30), die.below(ATTACKS.length), die.below(ATTACKS.length)];
    const outcomes = await playAttacks([...new Set(numbers)], directory, seed);
    const most = Math.max(...outcomes.map(({ peakMiB }) => peakMiB));
    return `${outcomes.length} attacks, at most ${most} MiB`;
  },
};
