import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { readTextIfExists, writeFileAtomic } from '../../platform/files.ts';

/** Labels of the alerts that a test wants a rule to raise, and until when: should the test die, they end by themselves. */
const wantedTests = z.strictObject({
  until: z.iso.datetime(),
  alerts: z.array(z.record(z.string(), z.string())).max(1_000),
});

export type WantedTests = z.output<typeof wantedTests>;

/** No alerts: none is wanted any more. */
export async function writeWantedTests(path: string, tests: WantedTests): Promise<void> {
  if (tests.alerts.length === 0) await rm(path, { force: true });
  else await writeFileAtomic(path, JSON.stringify(tests), { mode: 0o600 });
}

/** Labels of the alerts that are wanted now; what cannot be read wants none. */
export async function readWantedTests(
  path: string,
  now: Date,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const text = await readTextIfExists(path);
  if (text === undefined) return [];
  const parsed = wantedTests.safeParse(parseJson(text));
  return parsed.success && Date.parse(parsed.data.until) > now.getTime() ? parsed.data.alerts : [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
