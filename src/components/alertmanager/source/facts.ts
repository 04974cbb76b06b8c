import { z } from 'zod';

/*
 * What a snapshot seals. Written by capture from the live system, read back by compare; a change here is a change of
 * the backup format: old snapshots must stay comparable.
 */

export const SILENCES = 'silences';
export const LOG = 'notification-log';
/** Not sealed itself: what the sealed silences do to an alert. */
export const EFFECT = 'silence-effect';

const silence = z.object({
  id: z.string(),
  matchers: z.array(
    z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean() }),
  ),
  createdBy: z.string(),
  comment: z.string(),
  /** RFC 3339, as Alertmanager says it. */
  startsAt: z.string(),
  endsAt: z.string(),
});

export const SilenceFacts = z.object({
  /** Not expired at the cut-off, and in the stored file as they are here. */
  silences: z.array(silence),
  /** Made or changed too late for the stored file; of a changed one the file may hold the former version. */
  late: z.array(z.string()),
  /** Expired by hand since the stored file was written: they are back after a restore. */
  revived: z.array(z.string()),
});

export const LogFacts = z.object({
  /** Digest of an entry (16 hex digits) and when it expires, milliseconds since 1970. */
  entries: z.array(z.tuple([z.string(), z.number()])),
});

export type SilenceFact = z.output<typeof silence>;
export type SilenceFacts = z.output<typeof SilenceFacts>;
export type LogFacts = z.output<typeof LogFacts>;
