import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemErrorCode } from '../../platform/errors.ts';
import { ensureDirectory, readTextIfExists, writeFileAtomic } from '../../platform/files.ts';

/** Labels of the alerts that a test wants a rule to raise, and until when: should the test die, they end by themselves. */
const wantedTests = z.strictObject({
  until: z.iso.datetime(),
  alerts: z.array(z.record(z.string(), z.string())).max(1_000),
});

export type WantedTests = z.output<typeof wantedTests>;

/**
 * What one test wants; `name` tells it from others that run at the same time, a drill of the schedule for instance. No
 * alerts: none is wanted any more. What dead tests left behind goes too.
 */
export async function writeWantedTests(
  directory: string,
  { name, tests, now }: { readonly name: string; readonly tests: WantedTests; readonly now: Date },
): Promise<void> {
  const file = join(directory, `${name}.json`);
  if (tests.alerts.length === 0) return rm(file, { force: true });
  await ensureDirectory(directory, 0o700);
  for (const other of await filesIn(directory))
    if (!isWanted(await readTests(other), now.getTime())) await rm(other, { force: true });
  await writeFileAtomic(file, JSON.stringify(tests), { mode: 0o600 });
}

/** Labels of the alerts that are wanted now, by whatever test; what cannot be read wants none. */
export async function readWantedTests(
  directory: string,
  now: Date,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const all = await Promise.all((await filesIn(directory)).map(readTests));
  return all.flatMap((tests) => (isWanted(tests, now.getTime()) ? tests.alerts : []));
}

function isWanted(tests: WantedTests | undefined, now: number): tests is WantedTests {
  return tests !== undefined && Date.parse(tests.until) > now;
}

async function readTests(file: string): Promise<WantedTests | undefined> {
  const parsed = wantedTests.safeParse(parseJson((await readTextIfExists(file)) ?? ''));
  return parsed.success ? parsed.data : undefined;
}

async function filesIn(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
