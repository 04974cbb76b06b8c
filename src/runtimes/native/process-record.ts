import { readdir, readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { readTextIfExists, writeFileAtomic } from '../../platform/files.ts';
import { componentName } from './desired.ts';
import type { NativeLayout } from './layout.ts';

/** What a later daemon must know of a process that an earlier one started. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot; with the pid and the boot it names one process for ever. */
  readonly startTime: string;
  readonly bootId: string;
  /** Of the stack that started it: a copied state directory is another stack, and its records name nothing of it. */
  readonly scope: string;
  /** Empty when the process was found without a record: nobody knows how it was started. */
  readonly launchHash: string;
  /** Of the files it is known to have read. */
  readonly filesHash: string;
  /** UTC, ISO 8601. */
  readonly startedAt: string;
  /** Size of the log file when it was started, in bytes. */
  readonly logOffset: number;
  /** Restarts after crashes since the component was started on purpose. */
  readonly restarts: number;
}

const processRecord = z.object({
  pid: z.int().positive(),
  startTime: z.string(),
  bootId: z.string(),
  scope: z.string(),
  launchHash: z.string(),
  filesHash: z.string(),
  startedAt: z.iso.datetime(),
  logOffset: z.int().nonnegative(),
  restarts: z.int().nonnegative(),
}) satisfies z.ZodType<ProcessRecord>;

/** Returns why it could not be written: a full disk must keep nobody from watching a program. */
export async function tryWriteRecord(
  layout: NativeLayout,
  component: string,
  record: ProcessRecord,
): Promise<string | undefined> {
  const text = `${JSON.stringify(record)}\n`;
  return writeFileAtomic(layout.process(component), text, { mode: 0o600 }).then(
    () => undefined,
    (error: Error) => `its record could not be written: ${error.message}`,
  );
}

export async function removeRecord(layout: NativeLayout, component: string): Promise<void> {
  await rm(layout.process(component), { force: true });
}

/**
 * A damaged record counts as none: its process is found by its environment, so that nothing is started twice,
 * and it is replaced at the next apply.
 */
export async function readRecord(
  layout: NativeLayout,
  component: string,
): Promise<ProcessRecord | undefined> {
  const text = await readTextIfExists(layout.process(component));
  if (text === undefined) return undefined;
  try {
    return processRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Components that have a record, alive or not. */
export async function recordedComponents(layout: NativeLayout): Promise<string[]> {
  const names = await readdir(layout.processes).catch(() => []);
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .filter((name) => componentName.safeParse(name).success)
    .sort();
}

/** Changes with every boot; source: random(4). */
export async function currentBoot(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}
