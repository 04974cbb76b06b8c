import type { LeitstandError } from '../platform/errors.ts';
import type { Retention } from '../stack/stack.ts';
import { makePacer, type RepositoryContext } from './context.ts';
import { repositoryErrors } from './errors.ts';
import { deleteUnlessHeld, type Held } from './hold.ts';
import { snapshotName } from './names.ts';
import {
  type Amount,
  amountOf,
  type DeletionPlan,
  listThings,
  planDeletion,
  sinceWhen,
} from './prune-plan.ts';
import type { StoredThing } from './prune-plan.ts';
import { decide, removeRecords, writeCondemned } from './prune-records.ts';
import { surveyCondemned } from './record-store.ts';
import { lookAtSnapshots, NeedTable, type SightedSnapshot } from './snapshot-needs.ts';

export type { Amount } from './prune-plan.ts';

/** A look at what is needed holds for so long; what is deleted is deleted within it. */
const LOOK_HOLDS_MS = 12 * 3_600_000;
/** More than this share of the stored bytes at once is a mistake more often than not. */
const SUSPICIOUS_SHARE = 0.5;

export interface PruneRequest {
  readonly policy: (source: string) => Retention;
  /** Ids of snapshots that a drill found to hold; what a verification found is on record in the repository. */
  readonly verified: ReadonlySet<string>;
  /** Ids of snapshots that must be there, as far as this host knows: else this is another, or an older, repository. */
  readonly expected: readonly string[];
  readonly dryRun: boolean;
  /** Delete also when it is more than half. */
  readonly much: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface PruneResult {
  readonly snapshots: readonly {
    readonly id: string;
    readonly source: string;
    readonly createdAt: string;
    /** Why it stays; undefined: it went. */
    readonly kept?: string;
  }[];
  /** Records of runs of which no snapshot is left. */
  readonly backups: readonly string[];
  /** Condemned just now; deleted by a later run. */
  readonly condemned: Amount;
  readonly deleted: Amount;
  /** Over and due, and locked in the store until a time that `why` tells of the first of them. */
  readonly locked: Amount & { readonly why?: string };
  /** Over and due, and these credentials may not delete them. */
  readonly retained: Amount & { readonly why?: string };
  /** Condemned earlier, not due yet. */
  readonly waiting: Amount;
}

/**
 * Retention, then the collection of what nothing needs any more. Needs no lock: safe beside running backups, restores
 * and another prune, on this host and others (docs/formats/lsb1.md says why). Reads records only, no pack and no list.
 * Rejects with LS-REPO-026 rather than delete what it does not understand, or the signal's reason; run again, it goes on.
 */
export async function prune(context: RepositoryContext, request: PruneRequest): Promise<PruneResult> {
  const now = await context.store.time();
  const condemned = await surveyCondemned(context);
  const table = new NeedTable();
  const seen = await understood(context, { table, expected: request.expected, refused: condemned.refused });
  const decisions = await decide(context, request, { snapshots: [...seen.values()], table, now });
  const kept = decisions.flatMap(({ record, kept: reason }) => (reason === undefined ? [] : [record]));
  const things = await listThings(context);
  const needed = table.neededBy(kept);
  const plan = planDeletion(things, { needed, condemned: await sinceWhen(context, condemned.records), now });
  assertNotTooMuch(context, request, { things, plan });
  const leaving = decisions.filter((one) => one.kept === undefined).map(({ record }) => record.id);
  if (!request.dryRun && plan.condemn.length + leaving.length > 0)
    await writeCondemned(context, { things: plan.condemn, snapshots: leaving });
  const { backups, held } = await removeRecords(context, request, {
    decisions,
    gone: new Set(condemned.records.flatMap((record) => record.snapshots)),
    now,
  });
  const done = request.dryRun
    ? { deleted: plan.due, refused: [] }
    : await deleteDue(context, request, { due: plan.due, table, seen });
  const refused = [...[...held].map(([name, why]) => ({ name, size: 0, held: why })), ...done.refused];
  return {
    snapshots: decisions.map(({ record: { id, source, createdAt }, kept: reason }) => {
      const refusal = held.get(snapshotName(id));
      const stays = reason ?? (refusal && (refusal.why ?? 'the store does not delete it'));
      return { id, source, createdAt, ...(stays === undefined ? {} : { kept: stays }) };
    }),
    backups,
    condemned: amountOf(plan.condemn),
    deleted: amountOf(done.deleted),
    locked: refusedAmount(refused.filter((one) => one.held.isLocked)),
    retained: refusedAmount(refused.filter((one) => !one.held.isLocked)),
    waiting: amountOf(plan.waiting),
  };
}

/** All snapshots by id, when every record holds and none is missing; else LS-REPO-026. Those that were `seen` are not read. */
async function understood(
  context: RepositoryContext,
  {
    table,
    expected = [],
    refused: others = [],
    seen,
  }: {
    readonly table: NeedTable;
    readonly expected?: readonly string[];
    readonly refused?: readonly LeitstandError[];
    readonly seen?: ReadonlyMap<string, SightedSnapshot>;
  },
): Promise<ReadonlyMap<string, SightedSnapshot>> {
  const { snapshots, refused } = await lookAtSnapshots(context, table, seen);
  const [first] = [...refused, ...others];
  if (first)
    throw notUnderstood(context, first.details.what, {
      fix: `${first.details.fix ?? 'leitstand backup verify names it'}; when there is no copy of it: delete that object by hand, and what it alone says is lost`,
      cause: first,
    });
  const missing = expected.find((id) => !snapshots.has(id));
  if (missing !== undefined)
    throw notUnderstood(context, `snapshot ${missing}, which this host has made, is not there`, {
      fix: 'look whether this is the right place of the backups, and who deletes in it; when it is right so, make a new backup first: leitstand backup',
    });
  return snapshots;
}

function assertNotTooMuch(
  context: RepositoryContext,
  { much }: PruneRequest,
  { things, plan }: { readonly things: readonly StoredThing[]; readonly plan: DeletionPlan },
): void {
  const [due, all] = [amountOf(plan.due).bytes, amountOf(things).bytes];
  if (much || due <= all * SUSPICIOUS_SHARE) return;
  throw notUnderstood(
    context,
    `${Math.round((due / all) * 100)} % of what is stored would be deleted at once, which is suspiciously much`,
    {
      fix: 'leitstand backup prune --dry-run --much says what; when it is right so: leitstand backup prune --much',
    },
  );
}

/** After another look: a run may have committed since, and need what nothing needed then. */
async function deleteDue(
  context: RepositoryContext,
  request: PruneRequest,
  {
    due,
    table,
    seen,
  }: {
    readonly due: readonly StoredThing[];
    readonly table: NeedTable;
    readonly seen: ReadonlyMap<string, SightedSnapshot>;
  },
) {
  const breathe = makePacer(context.clock, request.signal);
  const begun = context.clock.monotonic();
  const needed =
    due.length === 0
      ? new Set<string>()
      : table.neededBy((await understood(context, { table, seen })).values());
  const deleted: StoredThing[] = [];
  const refused: Refused[] = [];
  for (const thing of due) {
    await breathe();
    if (needed.has(thing.name)) continue;
    if (context.clock.monotonic() - begun > LOOK_HOLDS_MS) break;
    const held = await deleteUnlessHeld(context.store, thing.name);
    if (held) refused.push({ ...thing, held });
    else deleted.push(thing);
    if (!held && deleted.length % 100 === 0)
      request.onProgress?.(`deleted ${deleted.length} of ${due.length}`);
  }
  return { deleted, refused };
}

interface Refused extends Pick<StoredThing, 'name' | 'size'> {
  readonly held: Held;
}

function refusedAmount(things: readonly Refused[]): Amount & { readonly why?: string } {
  const why = things.find(({ held }) => held.why !== undefined)?.held.why;
  return { ...amountOf(things), ...(why === undefined ? {} : { why }) };
}

function notUnderstood(
  { store }: RepositoryContext,
  why: string,
  { fix, cause }: { readonly fix: string; readonly cause?: unknown },
) {
  return repositoryErrors.error('LS-REPO-026', {
    what: `nothing was deleted in ${store.label}`,
    why,
    fix,
    cause,
  });
}
