import { type Address, shownUrl } from '../../../stack/connection.ts';
import type { Capture, CaptureContext } from '../../../stack/source.ts';
import { createPrometheusApi } from '../api.ts';
import { prometheusErrors } from '../errors.ts';
import { type BlockDirectory, blockEntries, readBlocks } from './blocks.ts';
import { readTiming } from './cutoff.ts';
import { exemplarLoss, outOfOrderLoss, retentionRuns } from './known-loss.ts';
import type { Questions } from './samples.ts';
import { expectationsOf, type SealedWindow, sealWindows, withoutMetrics } from './seal.ts';
import { type PinnedSnapshot, pinSnapshot, sweepSnapshots, unreadable } from './snapshot.ts';
import { countTail, lateMetrics, touchesTail } from './tail.ts';
import { comparedWindows, rangeStart } from './windows.ts';

/** Of a new server: none yet, too young, and the next. */
const ATTEMPTS = 4;
/** A restarted or new server: its first samples become old enough within a scrape timeout or so. */
const LONGEST_WAIT_MS = 90_000;

interface Attempt extends Questions {
  readonly context: CaptureContext;
  readonly lateness: number;
  readonly scrapes: boolean;
  readonly outOfOrder: boolean;
  readonly sampleBudget: number;
  readonly onProgress: (text: string) => void;
}

/** What one attempt came to; `again` says after how many milliseconds another one makes sense. */
type Outcome = { readonly taken: Taken } | { readonly again: number; readonly reason: 'young' | 'retention' };

interface Taken {
  readonly cutoff: number;
  readonly blocks: readonly BlockDirectory[];
  readonly snapshot: PinnedSnapshot;
  readonly sealed: readonly SealedWindow[];
  readonly late: ReadonlySet<string>;
}

/** Snapshot, facts, loss. Whatever fails, no snapshot stays behind. */
export async function capture(context: CaptureContext, sampleBudget: number): Promise<Capture> {
  const api = createPrometheusApi(context.url, context.signal);
  const onProgress = context.onProgress ?? (() => undefined);
  await sweepSnapshots(context.dataDir);
  const { lateness, outOfOrderWindow, scrapes } = await readTiming(api);
  const outOfOrder = await outOfOrderLoss(api, context.dataDir, outOfOrderWindow);
  const attempt: Attempt = {
    api,
    rangeStart: await rangeStart(api),
    context,
    lateness,
    scrapes,
    outOfOrder: outOfOrder.possible,
    sampleBudget,
    onProgress,
  };
  const taken = await takeWithPatience(attempt);
  try {
    return {
      cutoff: new Date(taken.cutoff).toISOString(),
      entries: await blockEntries(taken.blocks),
      expectations: expectationsOf(
        taken.blocks.map(({ meta }) => meta),
        taken.sealed,
      ),
      knownLoss: [...outOfOrder.loss, ...(await exemplarLoss(api)), ...lossOf(taken)],
      writer: { program: 'prometheus', version: await api.version() },
      release: taken.snapshot.release,
    };
  } catch (error) {
    await taken.snapshot.release();
    throw error;
  }
}

async function takeWithPatience(attempt: Attempt): Promise<Taken> {
  const { context, onProgress } = attempt;
  for (let i = 1; ; i += 1) {
    const outcome = await takeOnce(attempt, i === ATTEMPTS);
    if ('taken' in outcome) return outcome.taken;
    if (i >= ATTEMPTS || outcome.again > LONGEST_WAIT_MS) throw gaveUp(attempt, outcome);
    if (outcome.reason === 'young')
      onProgress(`waiting ${Math.ceil(outcome.again / 1000)} s until the first samples can be compared`);
    await context.clock.sleep(outcome.again, context.signal);
  }
}

async function takeOnce(attempt: Attempt, last: boolean): Promise<Outcome> {
  const { api, context, lateness, scrapes, onProgress } = attempt;
  const latest = context.clock.now().getTime() - lateness;
  const retention = await retentionRuns(api);
  const tail = await countTail(attempt, latest);
  onProgress('making a snapshot');
  // Without the signal: a request that is broken off leaves a snapshot whose name nobody knows, and it pins the disk.
  const snapshot = await pinSnapshot(createPrometheusApi(context.url), context.dataDir);
  try {
    context.signal?.throwIfAborted();
    const blocks = await blocksOf(snapshot, context.url);
    const newest = blocks.at(-1)?.meta;
    if (!newest) {
      if (last || !scrapes) throw empty(context.url);
      await snapshot.release();
      return { again: lateness, reason: 'young' };
    }
    // Compacted blocks end at their range's end, not at their newest sample; both are after it.
    const cutoff = Math.min(latest, Math.max(...blocks.map(({ meta }) => meta.maxTime)) - 1);
    if (cutoff <= newest.minTime) {
      await snapshot.release();
      return { again: newest.minTime - cutoff + 1_000, reason: 'young' };
    }
    const windows = comparedWindows(
      blocks.map(({ meta }) => meta),
      cutoff,
    );
    const all = await sealWindows({ ...attempt, windows });
    const late = lateMetrics(tail, await countTail(attempt, latest));
    if ((await retentionRuns(api)) !== retention) {
      await snapshot.release();
      return { again: 0, reason: 'retention' };
    }
    const sealed = all.map((one) => (touchesTail(one.window, latest) ? withoutMetrics(one, late) : one));
    // A head block may say it begins long before its first sample.
    if (!hasSamples(sealed[0]) && !last) {
      await snapshot.release();
      return { again: lateness, reason: 'young' };
    }
    if (!sealed.some(hasSamples)) throw nothingToCompare(context.url);
    return { taken: { cutoff, blocks, snapshot, sealed, late } };
  } catch (error) {
    await snapshot.release();
    throw error;
  }
}

function hasSamples(sealed: SealedWindow | undefined): boolean {
  return sealed !== undefined && Object.keys(sealed.counts.metrics).length > 0;
}

async function blocksOf(snapshot: PinnedSnapshot, url: Address): Promise<BlockDirectory[]> {
  try {
    return await readBlocks(snapshot.directory);
  } catch (error) {
    throw unreadable(
      snapshot.directory,
      `${error instanceof Error ? error.message : String(error)} (from ${shownUrl(url)})`,
      error,
    );
  }
}

function lossOf({ sealed, late }: Taken): string[] {
  const unseen = hasSamples(sealed[0])
    ? []
    : ['no sample of the newest block is before the cut-off: it is not compared'];
  const failures = new Map(sealed.flatMap((one) => [...one.failures]));
  const [name, text] = [...failures][0] ?? [];
  return [
    ...unseen,
    ...(name === undefined
      ? []
      : [
          `Prometheus itself could not read ${failures.size} metrics, among them ${name}: ${text}; ` +
            'they are in the backup as damaged as they are',
        ]),
    ...(late.size === 0
      ? []
      : [
          `samples of ${late.size} metrics still arrived during the backup and are not compared in the newest ` +
            `window: ${nameSome(late)}`,
        ]),
  ];
}

function nameSome(names: ReadonlySet<string>): string {
  const sorted = [...names].sort();
  const shown = sorted.slice(0, 5).join(', ');
  return sorted.length > 5 ? `${shown} and ${sorted.length - 5} more` : shown;
}

function empty(url: Address) {
  return prometheusErrors.error('LS-PROMETHEUS-007', {
    what: 'Prometheus has no samples yet, so there is nothing to back up',
    why: `the snapshot of ${hostOf(url)} succeeded and holds no block`,
    fix: 'see whether its targets answer (the query `up`, or its page /targets), then run `leitstand backup` again',
  });
}

function nothingToCompare(url: Address) {
  return prometheusErrors.error('LS-PROMETHEUS-011', {
    what: 'no sample of Prometheus could be sealed as a fact',
    why: `every window of ${hostOf(url)} before the cut-off is empty or still changing`,
    fix: 'run `leitstand backup` again in a minute; if it stays so, see whether the targets are scraped at all',
  });
}

function gaveUp({ context, lateness }: Attempt, outcome: { again: number; reason: 'young' | 'retention' }) {
  if (outcome.reason === 'retention') {
    return prometheusErrors.error('LS-PROMETHEUS-012', {
      what: 'Prometheus deleted blocks during each attempt to back it up',
      why: 'its retention ran between the snapshot and the questions',
      fix: 'run `leitstand backup` again; if it repeats, the retention size is too small for the disk in use',
    });
  }
  return prometheusErrors.error('LS-PROMETHEUS-011', {
    what: `the newest data of ${hostOf(context.url)} is too young to be compared`,
    why: `samples may be stored up to ${Math.round(lateness / 1000)} s late, and the newest block is younger`,
    fix: `run \`leitstand backup\` again in ${Math.ceil(outcome.again / 1000)} s`,
  });
}

function hostOf(url: Address): string {
  return new URL(shownUrl(url)).host;
}
