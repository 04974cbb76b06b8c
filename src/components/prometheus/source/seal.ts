import type { Expectation } from '../../../stack/source.ts';
import type { Block } from '../api.ts';
import { COUNTS, type CountFacts, HASHES, type HashFacts, INVENTORY, type InventoryFacts } from './facts.ts';
import { countSamples, hashSamples, metricsToHash, type Questions } from './samples.ts';
import { lastHour, type Window } from './windows.ts';

export interface SealRequest extends Questions {
  readonly windows: readonly Window[];
  readonly outOfOrder: boolean;
  /** Raw samples that are read and hashed in one window, at most. */
  readonly sampleBudget: number;
  readonly onProgress: (text: string) => void;
}

export interface SealedWindow {
  readonly window: Window;
  readonly counts: CountFacts;
  readonly hashes: HashFacts;
  /** Metrics that the live system itself could not read, with its words. */
  readonly failures: ReadonlyMap<string, string>;
}

/** Reads the facts of each window from the live system. One request at a time: it has other work to do. */
export async function sealWindows(request: SealRequest): Promise<SealedWindow[]> {
  const sealed: SealedWindow[] = [];
  for (const window of request.windows) {
    request.onProgress(`counting samples in the ${window.name} window`);
    const names = await request.api.metricNames({ start: window.from, end: window.to });
    const counted = await countSamples(request, window, names);
    request.onProgress(`hashing samples in the ${window.name} window`);
    const hashed = await sealHashes(request, window, counted.values);
    sealed.push({
      window,
      counts: {
        from: window.from,
        to: window.to,
        metrics: Object.fromEntries(counted.values),
        late: [],
        unreadable: [...counted.failures.keys()],
        outOfOrder: request.outOfOrder,
      },
      hashes: hashed.facts,
      failures: new Map([...counted.failures, ...hashed.failures]),
    });
  }
  return sealed;
}

/** The whole window when that is cheap, else its last hour, and of that as many metrics as the budget allows. */
async function sealHashes(
  request: SealRequest,
  window: Window,
  counts: ReadonlyMap<string, number>,
): Promise<{ facts: HashFacts; failures: ReadonlyMap<string, string> }> {
  const whole = total(counts) <= request.sampleBudget;
  const range = whole ? window : lastHour(window);
  const inRange = whole ? counts : (await countSamples(request, range, [...counts.keys()])).values;
  const chosen = metricsToHash(inRange, request.sampleBudget);
  const hashed = await hashSamples(request, range, chosen);
  const facts: HashFacts = {
    from: range.from,
    to: range.to,
    sha256: Object.fromEntries(hashed.values),
    ofMetrics: inRange.size,
    ofSamples: total(inRange),
    samples: total(chosen),
    outOfOrder: request.outOfOrder,
  };
  return { facts, failures: hashed.failures };
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** The facts without the metrics whose samples still arrived while they were read. */
export function withoutMetrics(sealed: SealedWindow, names: ReadonlySet<string>): SealedWindow {
  if (names.size === 0) return sealed;
  const keep = <Value>(values: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !names.has(name)));
  const { counts, hashes } = sealed;
  return {
    ...sealed,
    counts: {
      ...counts,
      metrics: keep(counts.metrics),
      late: [...names].sort(),
    },
    hashes: { ...hashes, sha256: keep(hashes.sha256) },
  };
}

export function expectationsOf(blocks: readonly Block[], sealed: readonly SealedWindow[]): Expectation[] {
  const inventory: InventoryFacts = {
    blocks: blocks.map(({ ulid, minTime, maxTime, stats }) => ({
      ulid,
      minTime,
      maxTime,
      samples: stats.numSamples,
      series: stats.numSeries,
      chunks: stats.numChunks,
    })),
  };
  return [
    { kind: INVENTORY, subject: 'blocks', value: inventory },
    ...sealed.map(({ window, counts }) => ({ kind: COUNTS, subject: window.name, value: counts })),
    ...sealed.map(({ window, hashes }) => ({ kind: HASHES, subject: window.name, value: hashes })),
  ];
}
