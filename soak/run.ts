/**
 * Throws faults at the repository for as long as it is told to. `node soak/run.ts [--minutes N] [--rounds N] [--seed N]
 * [SCENARIO...]`; LEITSTAND_SOAK_MINUTES and LEITSTAND_SOAK_SEED say the same.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/platform/clock.ts';
import { crashes } from './crashes.ts';
import { disk } from './disk.ts';
import { flips } from './flips.ts';
import { hostile } from './hostile.ts';
import { interleaving } from './interleaving.ts';
import { kills } from './kills.ts';
import { processes } from './processes.ts';
import { describeError } from './repository-world.ts';
import type { Scenario } from './scenario.ts';

const SCENARIOS: readonly Scenario[] = [interleaving, crashes, kills, processes, flips, disk, hostile];
const DEFAULT_MINUTES = 30;

interface Wishes {
  readonly scenarios: readonly Scenario[];
  /** For each scenario. */
  readonly minutes: number;
  readonly rounds: number;
  readonly seed: number;
}

function wishes(): Wishes {
  const { values, positionals } = parseArgs({
    options: {
      minutes: { type: 'string' },
      rounds: { type: 'string' },
      seed: { type: 'string' },
      list: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  if (values.list === true) {
    for (const { name, summary } of SCENARIOS) process.stdout.write(`${name.padEnd(14)}${summary}\n`);
    process.exit(0);
  }
  const unknown = positionals.filter((name) => !SCENARIOS.some((one) => one.name === name));
  if (unknown.length > 0)
    stop(`there is no ${unknown.join(', ')}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  const scenarios = SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const { LEITSTAND_SOAK_MINUTES: minutes, LEITSTAND_SOAK_SEED: seed } = process.env;
  const rounds = numberOf('--rounds', values.rounds) ?? Number.POSITIVE_INFINITY;
  const total = numberOf('--minutes', values.minutes ?? minutes) ?? DEFAULT_MINUTES;
  return {
    scenarios,
    minutes: Number.isFinite(rounds) ? Number.POSITIVE_INFINITY : total / scenarios.length,
    rounds,
    seed: numberOf('--seed', values.seed ?? seed) ?? Math.floor(Math.random() * 1_000_000_000),
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number < 0) stop(`${name} takes a number`);
  return number;
}

function stop(reason: string): never {
  process.stderr.write(`soak: ${reason}\n`);
  process.exit(2);
}

/** True when all rounds held. The first that does not is the last: what follows from it says little. */
async function playFor(scenario: Scenario, { minutes, rounds, seed: first }: Wishes): Promise<boolean> {
  const begun = systemClock.monotonic();
  for (let round = 0; round < rounds; round++) {
    const elapsed = systemClock.monotonic() - begun;
    if (round > 0 && elapsed >= minutes * 60_000) break;
    const seed = first + round;
    const directory = await mkdtemp(join(tmpdir(), `leitstand-soak-${scenario.name}-`));
    try {
      process.stdout.write(`${scenario.name}  seed ${seed}  `);
      process.stdout.write(`${await scenario.play(seed, directory)}\n`);
    } catch (error) {
      process.stdout.write('FAILED\n');
      for (let cause = error; cause !== undefined; cause = (cause as Error).cause)
        process.stderr.write(`${describeError(cause)}\n`);
      process.stderr.write(`again: npm run soak -- --seed ${seed} --rounds 1 ${scenario.name}\n`);
      process.stderr.write(`what is left of it: ${directory}\n`);
      return false;
    }
    await rm(directory, { recursive: true, force: true });
  }
  return true;
}

const wished = wishes();
for (const scenario of wished.scenarios) {
  const reason = await scenario.unplayable?.();
  if (reason !== undefined) process.stdout.write(`${scenario.name}  SKIPPED: ${reason}\n`);
  else if (!(await playFor(scenario, wished))) process.exitCode = 1;
}
