import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LeitstandError } from '../platform/errors.ts';
import { ensureDirectory } from '../platform/files.ts';
import { findFreePort } from '../platform/ports.ts';
import type { SnapshotFacts, SnapshotRecord } from '../repository/records.ts';
import type { Program } from '../stack/program.ts';
import type { Twin } from '../stack/runtime.ts';
import type { Comparison, FileCompareContext } from '../stack/source.ts';
import { copyForControl } from './control-copy.ts';
import type { ControlResult, DrillRequest, DrillSource, Timings } from './report.ts';
import { assertRoom } from './scratch.ts';

/** The code with which a runtime says that the program ended by itself before it was ready. */
const PROGRAM_ENDED = 'LS-RUNTIME-002';
/** For a program that did not answer to be gone. */
const GRACE_MS = 1_000;

export interface Rehearsal extends Timings {
  readonly comparisons: readonly Comparison[];
  readonly control?: ControlResult;
}

type ProgramDrill = Extract<DrillSource, { readonly program: Program }>;
type FileDrill = Exclude<DrillSource, ProgramDrill>;

interface Outcome {
  readonly comparisons: readonly Comparison[];
  /** Absent where no program is started. */
  readonly bootMs?: number;
  readonly compareMs: number;
}

/** A snapshot, with what was sealed at the backup. */
export interface Rehearsed {
  readonly record: SnapshotRecord;
  readonly facts: SnapshotFacts;
}

/** One source: restore, copy, ask the restored program, and ask the damaged copy. */
export async function rehearse(
  request: DrillRequest,
  drill: DrillSource,
  { record, facts }: Rehearsed,
  directory: string,
): Promise<Rehearsal> {
  const { clock, runtime, repository, signal } = request;
  const say = (text: string) => request.onProgress?.({ type: 'step', text });
  const [twinDir, controlDir] = [join(directory, 'twin'), join(directory, 'control')];
  await ensureDirectory(directory);
  await assertRoom(directory, record.totals.bytes);
  say(`restoring ${record.id}`);
  const start = clock.monotonic();
  const target = runtime.twinPlace(twinDir).data;
  await repository.restore({
    snapshot: record.id,
    target,
    mapPath: (path) => drill.source.restorePath(path),
    signal,
  });
  const restoreMs = clock.monotonic() - start;
  // Before the first start: afterwards the data would no longer be what was restored.
  await copyForControl(drill.source, target, runtime.twinPlace(controlDir).data);
  const outcome = await ask(request, drill, { record, facts }, twinDir);
  await rm(twinDir, { recursive: true, force: true });
  const { bootMs, compareMs } = outcome;
  const timings = { restoreMs, ...(bootMs === undefined ? {} : { bootMs }), compareMs };
  if (!outcome.comparisons.every(({ verdict }) => verdict === 'match'))
    return { comparisons: outcome.comparisons, ...timings };
  const controlStart = clock.monotonic();
  const control = await runControl(request, drill, { record, facts }, controlDir);
  return {
    comparisons: outcome.comparisons,
    control,
    ...timings,
    controlMs: clock.monotonic() - controlStart,
  };
}

function ask(
  request: DrillRequest,
  drill: DrillSource,
  rehearsed: Rehearsed,
  directory: string,
): Promise<Outcome> {
  return drill.program
    ? askTwin(request, drill, rehearsed, directory)
    : readFiles(request, drill, rehearsed, directory);
}

async function readFiles(
  request: DrillRequest,
  { source }: FileDrill,
  rehearsed: Rehearsed,
  directory: string,
): Promise<Outcome> {
  const { clock } = request;
  const start = clock.monotonic();
  request.onProgress?.({ type: 'step', text: 'reading the restored files' });
  const comparisons = await source.compareFiles(contextOf(request, rehearsed, directory));
  return { comparisons, compareMs: clock.monotonic() - start };
}

async function askTwin(
  request: DrillRequest,
  { component, source, program }: ProgramDrill,
  rehearsed: Rehearsed,
  directory: string,
): Promise<Outcome> {
  const { clock, runtime, signal } = request;
  const plan = source.twinPlan({
    program,
    place: runtime.twinPlace(directory),
    port: await findFreePort(0),
  });
  const start = clock.monotonic();
  const twin = await runtime.startTwin({ plan, directory, signal });
  const booted = clock.monotonic();
  request.onProgress?.({ type: 'step', text: 'asking the restored program' });
  try {
    const comparisons = await source.compare({ url: twin.url, ...contextOf(request, rehearsed, directory) });
    const compareMs = clock.monotonic() - booted;
    const end = await endOf(request, twin, comparisons);
    return {
      comparisons: end === undefined ? comparisons : [...comparisons, endedWhileAsked(component, end)],
      bootMs: booted - start,
      compareMs,
    };
  } finally {
    await twin.stop();
  }
}

/** A program that panics has closed its connections a moment before it is gone. */
async function endOf(
  { clock, signal }: DrillRequest,
  twin: Twin,
  comparisons: readonly Comparison[],
): Promise<string | undefined> {
  const isLeftOpen = comparisons.some(({ verdict }) => verdict === 'unknown');
  const deadline = clock.monotonic() + (isLeftOpen ? GRACE_MS : 0);
  for (;;) {
    const end = await twin.ended();
    if (end !== undefined || clock.monotonic() >= deadline) return end;
    await clock.sleep(50, signal);
  }
}

function contextOf(
  { runtime, clock, signal, onProgress }: DrillRequest,
  { record, facts }: Rehearsed,
  directory: string,
): FileCompareContext {
  return {
    dataDir: runtime.twinPlace(directory).data,
    expectations: facts.expectations,
    cutoff: record.cutoff,
    clock,
    signal,
    onProgress: (text) => onProgress?.({ type: 'step', text }),
  };
}

/** Data on which its program dies is bad data, whatever could not be asked therefore. */
function endedWhileAsked(component: string, end: string): Comparison {
  return {
    kind: 'program',
    subject: component,
    verdict: 'mismatch',
    expected: 'it runs while it is asked',
    found: `it ${end}`,
  };
}

/**
 * A comparison that cannot tell damaged data from whole data proves nothing. Only a mismatch or a program that
 * ends on the damaged data counts as noticed: what could not be asked does not.
 */
async function runControl(
  request: DrillRequest,
  drill: DrillSource,
  rehearsed: Rehearsed,
  directory: string,
): Promise<ControlResult> {
  const damage = await drill.source.damage(request.runtime.twinPlace(directory).data, request.clock.now());
  request.onProgress?.({ type: 'step', text: `negative control: ${damage}` });
  try {
    const { comparisons } = await ask(request, drill, rehearsed, directory);
    const noticed = comparisons.find(({ verdict }) => verdict === 'mismatch');
    const unasked = comparisons.find(({ verdict }) => verdict === 'unknown');
    if (noticed)
      return { damage, rejected: true, how: `${noticed.kind} ${noticed.subject}: ${noticed.found}` };
    return {
      damage,
      rejected: false,
      how: unasked ? `could not be asked: ${unasked.found}` : 'the damaged copy passed every comparison',
    };
  } catch (error) {
    if (!(error instanceof LeitstandError) || error.code !== PROGRAM_ENDED) throw error;
    return {
      damage,
      rejected: true,
      how: `the program did not start: ${lastLine(error)}`,
    };
  }
}

function lastLine({ details, message }: LeitstandError): string {
  return details.detail?.findLast((line) => line.trim() !== '')?.slice(0, 300) ?? details.why ?? message;
}

/** Whether the restored, undamaged data made the program end: an honest no, not an open question. */
export function isRefusal(error: LeitstandError): boolean {
  return error.code === PROGRAM_ENDED || error.exit === 1;
}
