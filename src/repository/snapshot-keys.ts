import { canonicalJson, type Json } from '../platform/canonical-json.ts';
import { LeitstandError } from '../platform/errors.ts';
import { noKey, type SnapshotEncryption } from './age/keyring.ts';
import { sealParts } from './age/stream.ts';
import type { RepositoryContext } from './context.ts';
import { snapshotName } from './names.ts';
import { type SnapshotFacts, type SnapshotRecord, parseAs, snapshotFacts } from './records.ts';
import { altered } from './signed-record.ts';

/** How the facts stand in a record: in the clear, or sealed with the encryption that the keyring writes with. */
export async function recordedFacts(
  { keyring }: Pick<RepositoryContext, 'keyring'>,
  { expectations, knownLoss }: SnapshotFacts,
): Promise<Pick<SnapshotRecord, 'expectations' | 'knownLoss' | 'encryption' | 'sealed'>> {
  if (!keyring.writes) return { expectations, knownLoss };
  const text = canonicalJson({ expectations, knownLoss } as unknown as Json);
  const { opening, payloadKey } = await keyring.makeListSeal();
  const { recipients, host } = keyring.writes;
  return {
    encryption: { recipients: [...recipients], host },
    sealed: sealParts(opening, payloadKey, [Buffer.from(text)]).toString('base64'),
  };
}

/** Throws LS-REPO-029, or LS-REPO-003 when they are not what they should be although they were signed. */
export async function openFacts(
  { keyring }: Pick<RepositoryContext, 'keyring'>,
  { id, expectations = [], knownLoss = [], encryption, sealed }: SnapshotRecord,
): Promise<SnapshotFacts> {
  if (sealed === undefined) return { expectations, knownLoss };
  const plain = await keyring.decrypt(Buffer.from(sealed, 'base64'));
  if (plain === 'foreign') throw noKey(`what was sealed into snapshot ${id}`, encryption);
  const facts = plain === 'damaged' ? undefined : parseAs(snapshotFacts, parseJson(plain));
  if (!facts) throw altered(snapshotName(id), 'its sealed facts are not readable');
  return facts;
}

/** What would be missing here to restore it: the recovery key, unless this host opens all of it by itself. */
export async function missingKey(
  { keyring }: Pick<RepositoryContext, 'keyring'>,
  { id, encryption, packs }: Pick<SnapshotRecord, 'id' | 'encryption' | 'packs'>,
): Promise<LeitstandError | undefined> {
  if (!encryption || keyring.isRecoveredBy(encryption)) return undefined;
  if (!keyring.opensLists(encryption)) return noKey(`snapshot ${id}`, encryption);
  for (const pack of packs)
    if (!(await keyring.hasPackKey(pack.id))) return noKey(`snapshot ${id}`, encryption);
  return undefined;
}

/** Of how many of the newest snapshots of a source the keys are kept. A writer builds upon the same ones. */
const KEPT_SNAPSHOTS = 2;
/** A pack that no snapshot names may be of a run that goes on, or is gone on with: retention condemns it a day later. */
const KEPT_ORPHANS_MS = 3 * 24 * 3_600_000;

/**
 * After a commit: so that a stolen host opens what it backed up last, and no older backup. `snapshots`: all of the source,
 * newest first. What it could not do is told, and done by the next one: the snapshot is safe by then.
 */
export async function forgetOldPacks(
  { keyring, clock }: Pick<RepositoryContext, 'keyring' | 'clock'>,
  snapshots: readonly SnapshotRecord[],
): Promise<readonly LeitstandError[]> {
  const [newest] = snapshots;
  if (!newest || !keyring.writes) return [];
  const ours = snapshots.filter(({ encryption }) => encryption?.host === keyring.writes?.host);
  const idsOf = (records: readonly SnapshotRecord[]) =>
    new Set(records.flatMap(({ packs }) => packs.map(({ id }) => id)));
  const needed = idsOf(ours.slice(0, KEPT_SNAPSHOTS));
  const named = idsOf(ours);
  const oldest = clock.now().getTime() - KEPT_ORPHANS_MS;
  try {
    await keyring.forgetPacks(newest.source, ({ pack, at }) =>
      named.has(pack) ? needed.has(pack) : at >= oldest,
    );
    return [];
  } catch (error) {
    if (error instanceof LeitstandError) return [error];
    throw error;
  }
}

/** Whether a writer may build upon a snapshot: it is encrypted to exactly the same keys, or both are plain. */
export function isSameEncryption(
  a: SnapshotEncryption | undefined,
  b: SnapshotEncryption | undefined,
): boolean {
  if (!a || !b) return a === b;
  return a.host === b.host && a.recipients.toSorted().join(' ') === b.recipients.toSorted().join(' ');
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
