import { join, resolve } from 'node:path';
import { LeitstandError } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';
import type { SnapshotFacts, SnapshotRecord } from '../repository/records.ts';
import type { Verdict } from '../stack/proof.ts';
import { drillErrors } from './errors.ts';
import { drillClaim } from './proof.ts';
import { assertNotOlder } from './program-version.ts';
import { isRefusal, type Rehearsal, rehearse } from './rehearsal.ts';
import type { DrillReport, DrillRequest, DrillSource, SourceDrill } from './report.ts';
import { openScratch } from './scratch.ts';
import { exitOf, judgeComparisons, worstVerdict } from './verdict.ts';

export type { DrillReport, DrillRequest, SourceDrill } from './report.ts';

/**
 * Restores the newest snapshot of each source into a scratch directory, starts the program on it in isolation,
 * compares what it says with what was sealed at the backup, and has the comparison reject a damaged copy. Proven only
 * when every comparison matches and the control was rejected. One proof a source; the scratch is always removed.
 *
 * Rejects with LS-DRILL-001 (another runs) or with the signal's reason.
 */
export async function runDrill(request: DrillRequest): Promise<DrillReport> {
  const { clock, onProgress } = request;
  const start = clock.monotonic();
  const id = `${clock.now().toISOString().replace(/[-:.]/g, '')}-${hex(request.random(4))}`;
  const scratch = await openScratch(resolve(request.scratchDir), id);
  const sources: SourceDrill[] = [];
  try {
    for (const [i, source] of request.sources.entries()) {
      const phase = `drill ${source.component}`;
      onProgress?.({ type: 'phase', phase, index: i + 1, total: request.sources.length });
      const began = clock.monotonic();
      const result = await drillSource(request, source, join(scratch.directory, source.component));
      sources.push(result);
      request.proofs.append(drillClaim(result, source.program, request.maxAgeMs), clock.now());
      onProgress?.({ type: 'done', phase, text: result.verdict, elapsedMs: clock.monotonic() - began });
    }
  } finally {
    await scratch.remove();
  }
  const verdict = worstVerdict(sources.map((source) => source.verdict));
  return { id, exit: exitOf(verdict), verdict, elapsedMs: clock.monotonic() - start, sources };
}

async function drillSource(
  request: DrillRequest,
  drill: DrillSource,
  directory: string,
): Promise<SourceDrill> {
  const base = { component: drill.component, notProven: drill.source.notProven };
  let record: SnapshotRecord | undefined;
  let facts: SnapshotFacts | undefined;
  try {
    record = await chooseSnapshot(request, drill.component);
    assertNotOlder(record, drill.program);
    facts = await request.repository.facts(record);
    const rehearsal = await rehearse(request, drill, { record, facts }, directory);
    return {
      ...base,
      ...factsOf(record, facts),
      ...rehearsal,
      verdict: judge(rehearsal),
      errors: [],
    };
  } catch (error) {
    request.signal?.throwIfAborted();
    const known = error instanceof LeitstandError ? error : unforeseen(drill.component, error);
    // A mistyped snapshot says nothing about the backups, nor does an older one to which no key is here.
    if (known.exit === EXIT.usage || known.exit === EXIT.noRepository) throw known;
    if (known.exit === EXIT.wrongKey && request.snapshot !== undefined) throw known;
    return {
      ...base,
      ...(record ? factsOf(record, facts) : { knownLoss: [] }),
      verdict: isRefusal(known) ? 'refuted' : 'unknown',
      comparisons: [],
      errors: [known],
    };
  }
}

/** Without a rejected control an agreement says nothing. */
function judge({ comparisons, control }: Rehearsal): Verdict {
  const verdict = judgeComparisons(comparisons);
  return verdict === 'proven' && control?.rejected !== true ? 'unknown' : verdict;
}

async function chooseSnapshot(request: DrillRequest, component: string): Promise<SnapshotRecord> {
  const { repository, snapshot } = request;
  const record =
    snapshot === undefined ? await newestSnapshot(request, component) : await repository.snapshot(snapshot);
  if (!record)
    throw drillErrors.error('LS-DRILL-002', {
      what: `there is no snapshot of ${component} to drill`,
      why: 'the repository holds none',
      fix: 'make one with `leitstand backup`',
    });
  if (record.source !== component)
    throw drillErrors.error('LS-DRILL-005', {
      what: `the snapshot ${record.id} is one of ${record.source}, not of ${component}`,
      fix: `choose a snapshot of ${component} from \`leitstand backup list\``,
    });
  return record;
}

/** Another host may have made a newer one; that ours is gone is no reason to be content with an older one. */
async function newestSnapshot(
  { repository, made }: DrillRequest,
  component: string,
): Promise<SnapshotRecord | undefined> {
  const records = await repository.snapshots(component);
  const ours = made?.get(component);
  if (ours === undefined || records.some(({ id }) => id === ours)) return records[0];
  throw drillErrors.error('LS-DRILL-007', {
    what: `the newest snapshot of ${component} that this host has made is not in the repository: ${ours}`,
    why: records[0] ? `the newest that is there is ${records[0].id}` : 'there is none of this source at all',
    fix: 'find out who deletes there, and whether `backup` names the right place; a new backup: leitstand backup',
  });
}

function factsOf(record: SnapshotRecord, facts: SnapshotFacts | undefined) {
  return {
    snapshot: record.id,
    cutoff: record.cutoff,
    files: record.totals.files,
    bytes: record.totals.bytes,
    knownLoss: facts?.knownLoss ?? [],
  };
}

function unforeseen(component: string, cause: unknown): LeitstandError {
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return drillErrors.error('LS-DRILL-004', {
    what: `the drill of ${component} failed unexpectedly`,
    why: cause instanceof Error ? cause.message : String(cause),
    fix: 'report it with the lines above; the backup itself was only read',
    detail: stack.split('\n').slice(0, 8),
    cause,
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
