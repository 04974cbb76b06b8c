import { z } from 'zod';

/*
 * What a snapshot seals. Written by capture from the live system, read back by compare; a change here is a
 * change of the backup format: old snapshots must stay comparable.
 */

/** Half-open on the left, in milliseconds: samples with `from < time <= to`. */
const range = { from: z.number(), to: z.number() };

export const INVENTORY = 'block-inventory';
export const COUNTS = 'sample-counts';
export const HASHES = 'sample-hashes';

export const InventoryFacts = z.object({
  blocks: z.array(
    z.object({
      ulid: z.string(),
      minTime: z.number(),
      maxTime: z.number(),
      samples: z.number(),
      series: z.number(),
      chunks: z.number(),
    }),
  ),
});

export const CountFacts = z.object({
  ...range,
  /** Metric name → number of samples; metrics without samples are absent. */
  metrics: z.record(z.string(), z.number()),
  /** Metrics whose samples still arrived after the cut-off: they must be readable, their number is open. */
  late: z.array(z.string()),
  /** Metrics that the live system itself could not read. */
  unreadable: z.array(z.string()),
  /** Out-of-order samples may have been in memory, where a snapshot does not reach them. */
  outOfOrder: z.boolean(),
});

export const HashFacts = z.object({
  ...range,
  /** Metric name → SHA-256 over its series in the range (see `hashSeries`). */
  sha256: z.record(z.string(), z.string()),
  /** Metrics that had samples in the range, and their samples; `sha256` may hold fewer, to bound the cost. */
  ofMetrics: z.number(),
  ofSamples: z.number(),
  samples: z.number(),
  outOfOrder: z.boolean(),
});

export type InventoryFacts = z.output<typeof InventoryFacts>;
export type CountFacts = z.output<typeof CountFacts>;
export type HashFacts = z.output<typeof HashFacts>;
