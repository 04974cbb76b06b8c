import { z } from 'zod';

/*
 * What a snapshot of Leitstand itself seals. Written by capture, read back by compare; a change here is a change of the
 * backup format: old snapshots must stay comparable.
 */

export const FILES = 'file-hashes';
export const HISTORY = 'history';
export const CONFIGURATION = 'configuration';

/** Logical path → SHA-256. */
export const FileFacts = z.record(z.string(), z.string());

export const HistoryFacts = z.object({
  schema: z.number(),
  rows: z.record(z.string().regex(/^\w+$/), z.number()),
  /** The newest proof of the live file before it was copied; null: there was none. */
  head: z.object({ id: z.number(), hash: z.string() }).nullable(),
});

export const ConfigurationFacts = z.object({
  /** Logical path of the configuration file. */
  file: z.string(),
  /** What it says is the stack's name. */
  stack: z.string(),
  /** Secrets that it names; their values are not in the backup. */
  secrets: z.array(z.string()),
  /** In which it ran. This and the next two are absent in snapshots of earlier versions. */
  environment: z.string().optional(),
  /** As seen from the configuration's directory; absolute where it lies elsewhere. */
  stateDir: z.string().optional(),
  /** Components that somebody else runs: their data belongs into directories of theirs. */
  attached: z.array(z.string()).optional(),
});

export type FileFacts = z.output<typeof FileFacts>;
export type HistoryFacts = z.output<typeof HistoryFacts>;
export type ConfigurationFacts = z.output<typeof ConfigurationFacts>;
