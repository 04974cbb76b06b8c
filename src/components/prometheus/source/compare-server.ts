import type { Comparison } from '../../../stack/source.ts';
import type { PrometheusApi } from '../api.ts';
import { INVENTORY, type InventoryFacts } from './facts.ts';
import { metricValue } from './known-loss.ts';
import { TWIN_RETENTION } from './twin.ts';

/** Loaded blocks, one by one where the server lists them (3.6 and later), else their number. */
export async function compareInventory(api: PrometheusApi, facts: InventoryFacts): Promise<Comparison[]> {
  const loaded = await api.blocks();
  const expected = blockCount(facts.blocks.length);
  if (!loaded) {
    const count = metricValue(await api.metrics(), 'prometheus_tsdb_blocks_loaded');
    return [
      {
        kind: INVENTORY,
        subject: 'blocks',
        verdict: count === undefined ? 'unknown' : count === facts.blocks.length ? 'match' : 'mismatch',
        expected,
        found: count === undefined ? 'the twin does not say' : blockCount(count),
      },
    ];
  }
  const byUlid = new Map(
    loaded.map(({ ulid, minTime, maxTime, stats }) => [
      ulid,
      describe({
        ulid,
        minTime,
        maxTime,
        samples: stats.numSamples,
        series: stats.numSeries,
        chunks: stats.numChunks,
      }),
    ]),
  );
  const differences = facts.blocks.flatMap((block): Comparison[] => {
    const [wanted, found] = [describe(block), byUlid.get(block.ulid)];
    byUlid.delete(block.ulid);
    if (found === wanted) return [];
    return [mismatch(block.ulid, wanted, found ?? 'not loaded')];
  });
  for (const [ulid, found] of byUlid) differences.push(mismatch(ulid, 'no such block', found));
  if (differences.length > 0) return differences;
  return [
    { kind: INVENTORY, subject: 'blocks', verdict: 'match', expected, found: blockCount(loaded.length) },
  ];
}

function mismatch(ulid: string, expected: string, found: string): Comparison {
  return { kind: INVENTORY, subject: ulid, verdict: 'mismatch', expected, found };
}

function blockCount(count: number): string {
  return count === 1 ? '1 block' : `${count} blocks`;
}

function describe(block: InventoryFacts['blocks'][number]): string {
  return (
    `${block.samples} samples, ${block.series} series, ${block.chunks} chunks, ` +
    `${new Date(block.minTime).toISOString()} to ${new Date(block.maxTime).toISOString()}`
  );
}

/** A retention that came from elsewhere would be deleting what is compared. */
export async function compareRetention(api: PrometheusApi): Promise<Comparison[]> {
  const { storageRetention } = await api.runtimeInfo();
  const verdict =
    storageRetention === undefined ? 'unknown' : storageRetention === TWIN_RETENTION ? 'match' : 'mismatch';
  return [
    {
      kind: 'retention',
      subject: 'twin',
      verdict,
      expected: TWIN_RETENTION,
      found: storageRetention ?? 'the twin does not say',
    },
  ];
}

/** Wrong owners, for one, let every query pass and every later backup fail. */
export async function compareNextBackup(api: PrometheusApi): Promise<Comparison[]> {
  await api.snapshot();
  return [
    {
      kind: 'next-backup',
      subject: 'snapshot',
      verdict: 'match',
      expected: 'a snapshot succeeds',
      found: 'a snapshot succeeds',
    },
  ];
}
