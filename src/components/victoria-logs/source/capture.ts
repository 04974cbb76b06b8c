import { createHash } from 'node:crypto';
import { formatElapsed } from '../../../platform/units.ts';
import type { Capture, CaptureContext, Expectation } from '../../../stack/source.ts';
import { createVictoriaLogsApi, type TimeRange, type VictoriaLogsApi } from '../api.ts';
import { victoriaLogsErrors } from '../errors.ts';
import { type RowFacts, ROWS, type StreamFacts, STREAMS } from './facts.ts';
import {
  linesIn,
  partitionEntries,
  type PinnedPartition,
  pinPartitions,
  sweepSnapshots,
  unpin,
} from './snapshot.ts';
import { contentsOf, countsOf, dayOf } from './streams.ts';

const ATTEMPTS = 3;
/** Shippers and the server itself hold lines back for seconds. */
const LATENESS_MS = 5_000;
/** Streams that are named in the record, at most. */
const NAMED_STREAMS = 2_000;

export interface CaptureLimits {
  /** Lines whose contents are hashed, at most; whole days, the newest first, and the newest in any case. */
  readonly hashedLines: number;
}

interface Taken {
  readonly partitions: readonly PinnedPartition[];
  readonly rows: RowFacts;
  readonly streams: StreamFacts;
}

/** Snapshots of all partitions, and what the live server says about them. Whatever fails, none stays behind. */
export async function capture(context: CaptureContext, limits: CaptureLimits): Promise<Capture> {
  const api = createVictoriaLogsApi(context.url, context.signal);
  // What is asked to end must not be broken off: a snapshot whose name nobody knows pins the disk.
  const lasting = createVictoriaLogsApi(context.url);
  await sweepSnapshots(context.dataDir);
  const taken = await takeWithPatience({ api, lasting, context, limits });
  const release = () => unpin(lasting, taken.partitions);
  try {
    return {
      cutoff: taken.streams.end,
      entries: await partitionEntries(taken.partitions),
      expectations: expectationsOf(taken),
      knownLoss: lossOf(taken),
      writer: { program: 'victoria-logs', version: await api.version() },
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

interface Attempt {
  readonly api: VictoriaLogsApi;
  readonly lasting: VictoriaLogsApi;
  readonly context: CaptureContext;
  readonly limits: CaptureLimits;
}

async function takeWithPatience(attempt: Attempt): Promise<Taken> {
  for (let i = 1; i <= ATTEMPTS; i += 1) {
    const taken = await takeOnce(attempt);
    if (taken) return taken;
  }
  throw victoriaLogsErrors.error('LS-VICTORIALOGS-008', {
    what: 'VictoriaLogs deleted partitions during each attempt to back it up',
    why: 'its retention ran between the snapshot and the questions',
    fix: 'run `leitstand backup` again; if it repeats, -retention.maxDiskSpaceUsageBytes is too small for what comes in',
  });
}

/** Undefined when a partition went away between snapshot and questions. */
async function takeOnce({ api, lasting, context, limits }: Attempt): Promise<Taken | undefined> {
  const { clock, signal, onProgress } = context;
  const end = new Date(clock.now().getTime() - LATENESS_MS).toISOString();
  const before = await countsOf(api, { end });
  onProgress?.('making a snapshot');
  const partitions = await pinPartitions(lasting, context.dataDir);
  try {
    signal?.throwIfAborted();
    const rows = await rowsOf(partitions);
    const start = hashedFrom(rows, limits.hashedLines);
    onProgress?.('hashing the lines of every stream');
    const began = clock.monotonic();
    const contents = await contentsOf(api, { start, end });
    onProgress?.(`hashed in ${formatElapsed(clock.monotonic() - began)}`);
    const after = await countsOf(api, { end });
    const present = new Set(await api.partitions());
    if (partitions.some(({ name }) => !present.has(name))) {
      await unpin(lasting, partitions);
      return undefined;
    }
    return { partitions, rows, streams: streamFacts({ start, end }, contents, before, after) };
  } catch (error) {
    await unpin(lasting, partitions);
    throw error;
  }
}

async function rowsOf(partitions: readonly PinnedPartition[]): Promise<RowFacts> {
  const counted: { name: string; lines: number }[] = [];
  for (const { name, directory } of partitions) counted.push({ name, lines: await linesIn(directory) });
  return { partitions: counted.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Begin of the oldest day whose lines are hashed; undefined: all are. */
function hashedFrom({ partitions }: RowFacts, limit: number): string | undefined {
  let [lines, from]: [number, string | undefined] = [0, undefined];
  for (const { name, lines: ofDay } of partitions.toReversed()) {
    lines += ofDay;
    if (from !== undefined && lines > limit) return dayOf(from).start;
    from = name;
  }
  return undefined;
}

/** A stream with the same number of lines before the snapshot and after everything cannot differ in between. */
function streamFacts(
  range: TimeRange & { readonly end: string },
  contents: Awaited<ReturnType<typeof contentsOf>>,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): StreamFacts {
  const late = new Set(
    [...after.keys(), ...before.keys()].filter((one) => before.get(one) !== after.get(one)),
  );
  const chosen = [...contents.keys()]
    .map((stream) => ({ stream, key: createHash('sha256').update(stream).digest('hex') }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, NAMED_STREAMS)
    .map(({ stream }) => stream);
  const streams: Record<string, [string, string]> = {};
  for (const stream of chosen) {
    const [lines, content] = contents.get(stream) ?? ['', ''];
    if (!late.has(stream)) streams[stream] = [lines, content];
  }
  const { start, end } = range;
  return {
    ...(start === undefined ? {} : { start }),
    end,
    streams,
    late: [...late].sort(),
    ofStreams: [...contents.keys()].filter((stream) => !late.has(stream)).length,
  };
}

function expectationsOf({ rows, streams }: Taken): Expectation[] {
  return [
    { kind: ROWS, subject: 'all', value: rows },
    { kind: STREAMS, subject: 'before the cut-off', value: withoutUndefined(streams) },
  ];
}

function withoutUndefined({ start, ...facts }: StreamFacts) {
  return start === undefined ? facts : { ...facts, start };
}

function lossOf({ streams: { late } }: Taken): string[] {
  if (late.length === 0) return [];
  const shown = late.slice(0, 5).join(', ');
  return [
    `lines of ${late.length} streams still arrived during the backup, so that only their number is compared: ` +
      `${shown}${late.length > 5 ? ` and ${late.length - 5} more` : ''}`,
  ];
}
