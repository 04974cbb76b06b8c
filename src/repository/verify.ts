import { LeitstandError } from '../platform/errors.ts';
import { type RepositoryContext, signingKeyOf } from './context.ts';
import { type Finding, Findings } from './findings.ts';
import type { SnapshotRecord } from './records.ts';
import { mergeVerifications } from './verification-state.ts';
import { namePaths, verifyContent } from './verify-content.ts';
import { type SightedObjects, VerifyLedger } from './verify-ledger.ts';
import { type NeededObject, type Needs, needsOf } from './verify-needs.ts';
import { verifyOneRecord, verifyRecords } from './verify-records.ts';
import { type VerifyProgress, VerifyRun } from './verify-run.ts';
import { verifyStored } from './verify-stored.ts';

/**
 * `presence`: every record is sound, and every object it needs is there with its size. `stored`: and has exactly
 * the bytes it is named by. `content`: and every file decodes to its recorded hash.
 */
export type VerifyLevel = 'presence' | 'stored' | 'content';

export interface VerifyRequest {
  readonly level: VerifyLevel;
  /** At level `stored`: only what is due today, so that all of it is read within so many days. */
  readonly rotateDays?: number | undefined;
  /** Only this snapshot's id; the whole repository unless given. */
  readonly snapshot?: string | undefined;
  /** Ids of snapshots that must be there: that a record is gone, nothing in the repository itself needs to tell. */
  readonly expected?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

export interface VerifyResult {
  readonly level: VerifyLevel;
  /** Empty exactly when everything looked at holds. */
  readonly findings: readonly Finding[];
  readonly counts: {
    readonly records: number;
    /** Needed by snapshots. */
    readonly lists: number;
    readonly packs: number;
    /** Packs and lists that were read as a whole, and their bytes as far as they were read. */
    readonly objectsRead: number;
    readonly bytesRead: number;
    /** Files decoded and compared; 0 below `content`. */
    readonly files: number;
  };
  /** Everything that lies in the store, whether it is needed or not. */
  readonly stored: { readonly objects: number; readonly bytes: number };
  /** Objects that came wrong, and right when they were read again. */
  readonly misread: readonly string[];
  /**
   * Only at level `content`: encrypted packs and lists that no key here opens. Their stored bytes were read; whether their
   * files decode is not known.
   */
  readonly undecoded: readonly string[];
  /** Packs and lists known to be damaged or missing, of this run or an earlier one. */
  readonly damaged: readonly string[];
  /** UTC, ISO 8601: every needed byte was read back since, or came since. Absent when nothing is needed. */
  readonly oldestUnverifiedAt?: string;
  /** Why what was read could not be put on record; the next run reads it again. */
  readonly notRecorded?: LeitstandError;
}

/**
 * Damage is a finding, never an exception; throws only when the store cannot be asked, or when cancelled. What is read
 * is put on record (`verify/`), also of a run that is cancelled, unless the repository was opened with the public key
 * alone. A rotation that cannot be put on record would read the same for ever: it throws LS-REPO-014 or the store's error.
 */
export async function verify(context: RepositoryContext, request: VerifyRequest): Promise<VerifyResult> {
  if (request.rotateDays !== undefined) signingKeyOf(context);
  const findings = new Findings();
  const sighted = await sightRecords(context, findings, request);
  const needs = needsOf(sighted.snapshots);
  const run = new VerifyRun(context, { findings, needs }, request);
  const time = await timeOf(context, request);
  const stored = await sightObjects(run);
  const ledger = new VerifyLedger(run, { before: sighted.state, now: time.now, request });
  try {
    await read(run, ledger, { request, stored });
  } finally {
    await run.crew.close();
    // Also of a run that was cancelled: what was read need not be read again.
    if (time.isOfStore) await ledger.write();
  }
  if (ledger.failure && request.rotateDays !== undefined) throw ledger.failure;
  return resultOf(run, ledger, { request, records: sighted.records, stored });
}

async function sightRecords(
  context: RepositoryContext,
  findings: Findings,
  { snapshot, expected }: VerifyRequest,
) {
  if (snapshot === undefined) {
    const { verifications, ...sighted } = await verifyRecords(context, findings, expected);
    return { ...sighted, state: mergeVerifications(verifications) };
  }
  const record = await verifyOneRecord(context, findings, snapshot);
  const snapshots: readonly SnapshotRecord[] = record ? [record] : [];
  return { records: 1, snapshots, state: mergeVerifications([]) };
}

/** A store that cannot be written to cannot always tell the time either; it can be read all the same. */
async function timeOf(
  { store, clock }: RepositoryContext,
  { rotateDays }: VerifyRequest,
): Promise<{ readonly now: number; readonly isOfStore: boolean }> {
  try {
    return { now: (await store.time()).getTime(), isOfStore: true };
  } catch (error) {
    if (!(error instanceof LeitstandError) || rotateDays !== undefined) throw error;
    return { now: clock.now().getTime(), isOfStore: false };
  }
}

interface Sighted extends SightedObjects {
  readonly objects: number;
  readonly bytes: number;
}

/** Every object is there with its size, or is a finding. */
async function sightObjects(run: VerifyRun): Promise<Sighted> {
  const { store } = run.context;
  const sizes = new Map<string, number>();
  const cameAt = new Map<string, number>();
  let [objects, bytes] = [0, 0];
  for await (const { name, size, modifiedAt } of store.list('')) {
    objects += 1;
    bytes += size;
    if (!run.needs.objects.has(name)) continue;
    sizes.set(name, size);
    cameAt.set(name, modifiedAt.getTime());
    await run.breathe();
  }
  for (const object of run.needs.objects.values()) {
    if (sizes.get(object.name) === object.size) continue;
    // Once more, and another way, before it is called missing.
    const size = (await store.head(object.name))?.size;
    if (size === object.size) continue;
    run.addDamage(object, size === undefined ? 'is missing' : `has ${size} bytes instead of ${object.size}`);
    run.unusable.add(object.name);
    await run.breathe();
  }
  return { objects, bytes, cameAt };
}

async function read(
  run: VerifyRun,
  ledger: VerifyLedger,
  { request, stored }: { readonly request: VerifyRequest; readonly stored: Sighted },
): Promise<void> {
  const usable = [...run.needs.objects.values()].filter(({ name }) => !run.unusable.has(name));
  const wanted =
    request.level === 'presence'
      ? []
      : request.rotateDays === undefined
        ? usable
        : ledger.due(usable, stored);
  run.bytesDue = wanted.reduce((sum, { size }) => sum + size, 0);
  if (request.level === 'content') await verifyContent(run);
  const rest = wanted.filter(({ name }) => !run.read.has(name) && !run.damaged.has(name));
  await verifyStored(run, rest, () => ledger.checkpoint());
  const named = request.level === 'content' ? run.unusable : run.damaged.keys();
  const packs = new Set([...named].filter((name) => run.needs.objects.get(name)?.kind === 'pack'));
  if (packs.size > 0) await namePaths(run, packs);
}

function resultOf(
  run: VerifyRun,
  ledger: VerifyLedger,
  {
    request,
    records,
    stored,
  }: { readonly request: VerifyRequest; readonly records: number; readonly stored: Sighted },
): VerifyResult {
  const objects = [...run.needs.objects.values()];
  const oldest = ledger.oldest(stored);
  return {
    level: request.level,
    findings: run.findings.all(),
    counts: {
      records,
      lists: countOf(run.needs, 'list'),
      packs: countOf(run.needs, 'pack'),
      objectsRead: objects.filter(({ name }) => run.read.has(name)).length,
      bytesRead: run.bytesRead,
      files: run.files,
    },
    stored: { objects: stored.objects, bytes: stored.bytes },
    misread: [...run.misread].sort(),
    undecoded: request.level === 'content' ? undecodedOf(run) : [],
    damaged: [...ledger.state.damaged.keys()].sort(),
    ...(oldest === undefined ? {} : { oldestUnverifiedAt: new Date(oldest).toISOString() }),
    ...(ledger.failure ? { notRecorded: ledger.failure } : {}),
  };
}

/** A pack with another finding is in no doubt. */
function undecodedOf({ needs, decoded, damaged }: VerifyRun): string[] {
  return [...needs.objects.values()]
    .filter(({ name, header }) => header !== undefined && !decoded.has(name) && !damaged.has(name))
    .map(({ name }) => name)
    .sort();
}

function countOf({ objects }: Needs, kind: NeededObject['kind']): number {
  return [...objects.values()].filter((object) => object.kind === kind).length;
}
