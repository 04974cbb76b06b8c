import type { MetricFamily } from '../../platform/metrics-text.ts';

export function family(
  name: string,
  type: MetricFamily['type'],
  help: string,
  samples: MetricFamily['samples'],
): MetricFamily {
  return { name, type, help, samples };
}

/** Of a moment that may not have come; 0: never. */
export function seconds(at: Date | string | undefined): number {
  return at === undefined ? 0 : new Date(at).getTime() / 1000;
}
