import { z } from 'zod';

/** A row of a query: field → value, all text; a field without a value is absent. */
export const Row = z.record(z.string(), z.string());

export const StatsVector = z.object({
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});

export const Failure = z.object({ status: z.literal('error'), error: z.string() });

export const Hits = z.object({
  hits: z.array(
    z.object({
      fields: z.record(z.string(), z.string()),
      timestamps: z.array(z.string()),
      values: z.array(z.number()),
      total: z.number(),
    }),
  ),
});

/** Names of partitions, paths of snapshots. */
export const Texts = z.array(z.string());
