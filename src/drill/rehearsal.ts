import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LeitstandError } from '../platform/errors.ts';
import { ensureDirectory } from '../platform/files.ts';
import { findFreePort } from '../platform/ports.ts';
import type { SnapshotRecord } from '../repository/records.ts';
import type { Comparison } from '../stack/source.ts';
import { copyForControl } from './control-copy.ts';
import type { ControlResult, DrillRequest, DrillSource, Timings } from './report.ts';
import { assertRoom } from './scratch.ts';

/** The code with which a runtime says that the program ended by itself before it was ready. */
const PROGRAM_ENDED = 'LS-RUNTIME-002';

export interface Rehearsal extends Timings {
  readonly comparisons: readonly Comparison[];
  readonly control?: ControlResult;
}

interface Outcome {
  readonly comparisons: readonly Comparison[];
  readonly bootMs: number;
  readonly compareMs: number;
}

/** One source: restore, copy, ask the restored program, and ask the damaged copy. */
export async function rehearse(
  request: DrillRequest,
  drill: DrillSource,
  record: SnapshotRecord,
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
  const outcome = await askTwin(request, drill, record, twinDir);
  await rm(twinDir, { recursive: true, force: true });
  const timings = { restoreMs, bootMs: outcome.bootMs, compareMs: outcome.compareMs };
  if (!outcome.comparisons.every(({ verdict }) => verdict === 'match'))
    return { comparisons: outcome.comparisons, ...timings };
  const controlStart = clock.monotonic();
  const control = await runControl(request, drill, record, controlDir);
  return {
    comparisons: outcome.comparisons,
    control,
    ...timings,
    controlMs: clock.monotonic() - controlStart,
  };
}

async function askTwin(
  request: DrillRequest,
  { source, program }: DrillSource,
  record: SnapshotRecord,
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
    const comparisons = await source.compare({
      url: twin.url,
      expectations: record.expectations,
      signal,
    });
    return { comparisons, bootMs: booted - start, compareMs: clock.monotonic() - booted };
  } finally {
    await twin.stop();
  }
}

/**
 * A comparison that cannot tell damaged data from whole data proves nothing. Only a mismatch or a program that
 * ends on the damaged data counts as noticed: what could not be asked does not.
 */
async function runControl(
  request: DrillRequest,
  drill: DrillSource,
  record: SnapshotRecord,
  directory: string,
): Promise<ControlResult> {
  const damage = await drill.source.damage(request.runtime.twinPlace(directory).data);
  request.onProgress?.({ type: 'step', text: `negative control: ${damage}` });
  try {
    const { comparisons } = await askTwin(request, drill, record, directory);
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
      how: `the program did not start: ${error.details.why ?? error.message}`,
    };
  }
}

/** Whether the restored, undamaged data made the program end: an honest no, not an open question. */
export function isRefusal(error: LeitstandError): boolean {
  return error.code === PROGRAM_ENDED || error.exit === 1;
}
