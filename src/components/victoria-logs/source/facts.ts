import { z } from 'zod';

/*
 * What a snapshot seals. Written by capture from the live system, read back by compare; a change here is a change of
 * the backup format: old snapshots must stay comparable.
 */

export const ROWS = 'partition-lines';
export const STREAMS = 'stream-contents';

/** Exact: read from the files of the snapshot, where nothing moves any more. */
export const RowFacts = z.object({
  partitions: z.array(z.object({ name: z.string().regex(/^\d{8}$/), lines: z.number() })),
});

export const StreamFacts = z.object({
  /** RFC 3339; absent: from the beginning. */
  start: z.string().optional(),
  /** RFC 3339, exclusive. */
  end: z.string(),
  /** Stream → lines, and the sum of the hashes of the lines with all their fields. */
  streams: z.record(z.string(), z.tuple([z.string(), z.string()])),
  /** Streams that still got lines of the time before the end: what the snapshot holds of them is open. */
  late: z.array(z.string()),
  /** The other streams with lines in the range; `streams` may name fewer, to bound the size of the record. */
  ofStreams: z.number(),
});

export type RowFacts = z.output<typeof RowFacts>;
export type StreamFacts = z.output<typeof StreamFacts>;
