import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../../platform/canonical-json.ts';
import type { PushGroup } from '../api.ts';

/*
 * What a snapshot seals. Written by capture from the live system, read back by compare; a change here is a change of
 * the backup format: old snapshots must stay comparable.
 */

export const GROUPS = 'pushed-groups';

const labels = z.record(z.string(), z.string());

export const GroupFacts = z.object({
  groups: z.array(
    z.object({
      labels,
      /** Value of the group's `push_time_seconds`, as the Pushgateway writes it. */
      pushTime: z.string(),
      families: z.number(),
      /** Over names, types, push times, labels and values of its metrics. */
      sha256: z.string(),
    }),
  ),
  /** Pushed too late for the stored file, which holds a former push or none. */
  late: z.array(labels),
  /** Deleted since the stored file was written: they are back after a restore. */
  revived: z.array(labels),
});

export type GroupFacts = z.output<typeof GroupFacts>;
export type GroupFact = GroupFacts['groups'][number];

/** Help texts are left out: the Pushgateway adjusts them to each other. */
export function factOf({ labels: own, families }: PushGroup): GroupFact {
  const content = families.map(({ name, pushedAt, type, metrics }) => ({
    name,
    pushedAt,
    type,
    metrics: metrics.map(canonicalJson).sort(),
  }));
  return {
    labels: own,
    pushTime: pushTimeOf(families),
    families: families.length,
    sha256: createHash('sha256').update(canonicalJson(content)).digest('hex'),
  };
}

function pushTimeOf(families: PushGroup['families']): string {
  const [metric] = families.find(({ name }) => name === 'push_time_seconds')?.metrics ?? [];
  const parsed = z.object({ value: z.string() }).safeParse(metric);
  return parsed.success ? parsed.data.value : '';
}
