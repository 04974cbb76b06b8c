import { z } from 'zod';

const Labels = z.record(z.string(), z.string());

export const Failure = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

export const Vector = z.object({
  resultType: z.literal('vector'),
  result: z.array(z.object({ metric: Labels, value: z.tuple([z.number(), z.string()]).optional() })),
});

// Millions of points come through here; they are checked where they are read, not one by one by a schema.
const Points = z.custom<readonly (readonly [number, unknown])[]>(Array.isArray).optional();
export const Matrix = z.object({
  resultType: z.literal('matrix'),
  result: z.array(z.object({ metric: Labels, values: Points, histograms: Points })),
});

export const Names = z.array(z.string());
export const Snapshot = z.object({ name: z.string() });
export const RuntimeInfo = z.object({
  startTime: z.string(),
  storageRetention: z.string().optional(),
  reloadConfigSuccess: z.boolean().optional(),
});
export const BuildInfo = z.object({ version: z.string() });
export const Flags = z.record(z.string(), z.string());
export const Config = z.object({ yaml: z.string() });
export const RuleGroups = z.object({
  groups: z.array(
    z.object({ name: z.string(), interval: z.number(), evaluationTime: z.number().optional() }),
  ),
});

const texts = z.record(z.string(), z.string()).optional();

/** The same answer with the rules themselves; times in seconds. */
export const LoadedRules = z.object({
  groups: z.array(
    z.object({
      file: z.string(),
      name: z.string(),
      interval: z.number(),
      rules: z.array(
        z.object({
          type: z.enum(['alerting', 'recording']),
          name: z.string(),
          query: z.string(),
          duration: z.number().optional(),
          keepFiringFor: z.number().optional(),
          labels: texts,
          annotations: texts,
        }),
      ),
    }),
  ),
});

/** A block as `meta.json` and, since 3.6, `/api/v1/status/tsdb/blocks` state it; times in milliseconds. */
export const BlockMeta = z.object({
  ulid: z.string(),
  minTime: z.number(),
  /** Exclusive: one more than the newest sample, or the end of the block's range. */
  maxTime: z.number(),
  stats: z
    .object({
      numSamples: z.number().default(0),
      numSeries: z.number().default(0),
      numChunks: z.number().default(0),
    })
    .default({ numSamples: 0, numSeries: 0, numChunks: 0 }),
});
export const Blocks = z.object({ blocks: z.array(BlockMeta).nullable() });
