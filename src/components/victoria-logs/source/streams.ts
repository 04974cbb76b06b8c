import type { TimeRange, VictoriaLogsApi } from '../api.ts';

/**
 * Sums are floats in VictoriaLogs: exact up to 2^53, so with hashes below 2^24 for 500 million lines of a stream. The
 * order of the lines does not matter, which differs after a merge of parts.
 */
const CONTENT =
  '* | pack_json as line | hash(line) as h | math (h % 16777213) as m | stats by (_stream) count() lines, sum(m) content';
const COUNT = '* | stats by (_stream) count() lines';

/** Stream → lines, and a number that stands for their contents. */
export async function contentsOf(
  api: VictoriaLogsApi,
  range: TimeRange,
): Promise<ReadonlyMap<string, readonly [lines: string, content: string]>> {
  const rows = await api.statsQuery(CONTENT, range);
  return new Map(
    rows.map(({ labels, values }) => [
      labels['_stream'] ?? '',
      [values['lines'] ?? '', values['content'] ?? ''] as const,
    ]),
  );
}

export async function countsOf(api: VictoriaLogsApi, range: TimeRange): Promise<ReadonlyMap<string, string>> {
  const rows = await api.statsQuery(COUNT, range);
  return new Map(rows.map(({ labels, values }) => [labels['_stream'] ?? '', values['lines'] ?? '']));
}

/** The UTC day of a partition as a range. */
export function dayOf(partition: string): Required<TimeRange> {
  const day = `${partition.slice(0, 4)}-${partition.slice(4, 6)}-${partition.slice(6, 8)}`;
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000);
  return { start: `${day}T00:00:00Z`, end: next.toISOString() };
}
