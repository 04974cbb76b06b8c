import type { KeyObject } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import { LeitstandError } from '../platform/errors.ts';
import type { Store } from '../stack/store.ts';
import { makeKeyring } from './age/keyring.ts';
import type { AgeIdentity } from './age/identities.ts';
import type { HostKey } from './age/host-key.ts';
import type { PackKeyFiles } from './age/pack-keys.ts';
import { type LockDays, type RandomBytes, type RepositoryContext, signingKeyOf } from './context.ts';
import { repositoryErrors } from './errors.ts';
import type { ListEntry } from './file-entry.ts';
import { readGuides } from './guides/guides.ts';
import { renewGuides } from './guides/renew-guides.ts';
import { guardStore } from './guarded-store.ts';
import { keyIdOf, rawPublicKey, type SigningKey } from './keys.ts';
import { backupId, backupName, MARKER, README, RESTORE_SCRIPT, snapshotName } from './names.ts';
import type { PruneRequest, PruneResult } from './prune.ts';
import { readSnapshot, surveyBackups, surveySnapshots } from './record-store.ts';
import {
  type BackupRecord,
  FORMAT,
  type RepositoryRecord,
  type SnapshotFacts,
  type SnapshotRecord,
} from './records.ts';
import { missingKey, openFacts } from './snapshot-keys.ts';
import { noRepository, readRepositoryRecord } from './repository-record.ts';
import type { FileRequest, StoredFile } from './restore-file.ts';
import type { RestoreRequest, RestoreResult } from './restore.ts';
import { lockEnd } from './run-lock.ts';
import { encodeRecord, signRecord, type TrustedKey } from './signed-record.ts';
import type { WriteSnapshotRequest, WriteSnapshotResult } from './snapshot-writer.ts';
import { readVerificationState, type VerificationState } from './verification-state.ts';
import type { VerifyRequest, VerifyResult } from './verify.ts';

/**
 * To whom snapshots are encrypted, and what this host keeps so that it can read the newest ones without the recovery key.
 * Absent: what is written is plain, and what is encrypted opens with `identities` alone.
 */
export interface EncryptionOptions {
  /** Public halves of the recovery keys, as `parseRecipient` returns them. Empty: plain snapshots are written. */
  readonly recipients: readonly string[];
  /** `loadOrCreateHostKey` of the directory `keys` in the state directory. */
  readonly hostKey: HostKey;
  /** `openPackKeys` of the same directory. */
  readonly packKeys: PackKeyFiles;
}

interface CommonOptions {
  /** Absent: nothing is locked. Only with a store that can. */
  readonly lockDays?: LockDays | undefined;
  readonly encryption?: EncryptionOptions | undefined;
  /** Recovery identities: each opens all that is encrypted to it, on any machine. */
  readonly identities?: readonly AgeIdentity[] | undefined;
  /**
   * What work goes on in spite of: a wrong key that this host keeps (LS-REPO-032), once for each pack; guides that could
   * not be renewed.
   */
  readonly onWarning?: ((warning: LeitstandError) => void) | undefined;
}

export interface InitialiseOptions extends CommonOptions {
  readonly signingKey: SigningKey;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export type OpenOptions = CommonOptions & {
  readonly clock: Clock;
  readonly random: RandomBytes;
} & ({ readonly signingKey: SigningKey } | { readonly publicKey: KeyObject });

export type { LockDays } from './context.ts';
export { type HostKey, loadHostKey, loadOrCreateHostKey } from './age/host-key.ts';
export { type AgeIdentity, makeRecoveryKey, parseIdentities, parseRecipient } from './age/identities.ts';
export { openPackKeys, type PackKeyFiles } from './age/pack-keys.ts';
export { proveRecoveryKey } from './age/prove.ts';

export interface WriteBackupRequest {
  /** The stack's name. */
  readonly stack: string;
  /** Ids or records of the run's snapshots, which must all be written already. */
  readonly snapshots: readonly (string | { readonly id: string })[];
  readonly startedAt: Date | string;
}

/**
 * An open repository. Every record it returns has passed its signature. Errors: LS-REPO-001 to -041, of which -029 says
 * that no key is here for what is encrypted; a cancelled signal rejects with the signal's reason.
 */
export interface Repository {
  readonly id: string;
  /** For people: where it is. */
  readonly label: string;
  writeSnapshot(request: WriteSnapshotRequest): Promise<WriteSnapshotResult>;
  /** And puts README.txt and restore.sh of this version where the repository has older ones. */
  writeBackup(request: WriteBackupRequest): Promise<BackupRecord>;
  /** Newest first. Throws when one record does not hold: see `survey` for the others. */
  snapshots(source?: string): Promise<readonly SnapshotRecord[]>;
  snapshot(id: string): Promise<SnapshotRecord>;
  /** Newest first. Throws when one record does not hold. */
  backups(): Promise<readonly BackupRecord[]>;
  /** Everything that holds, newest first, and one error for each record that does not. */
  survey(): Promise<RepositorySurvey>;
  /** What was sealed at the backup; decrypted here where it is encrypted. Throws LS-REPO-029. */
  facts(record: SnapshotRecord): Promise<SnapshotFacts>;
  /** What would be missing here to restore a snapshot: LS-REPO-029, or undefined. Reads no pack and no list. */
  missingKey(record: SnapshotRecord): Promise<LeitstandError | undefined>;
  restore(request: RestoreRequest): Promise<RestoreResult>;
  /** One file of a snapshot. */
  openFile(request: FileRequest): Promise<StoredFile>;
  /** Every file, directory and link of a snapshot, day by day. */
  files(snapshot: Pick<SnapshotRecord, 'lists'>): AsyncIterable<ListEntry>;
  verify(request: VerifyRequest): Promise<VerifyResult>;
  /** What was read back when, whoever did it. */
  verifications(): Promise<VerificationState>;
  /** Retention, and the collection of what nothing needs any more. */
  prune(request: PruneRequest): Promise<PruneResult>;
}

export interface RepositorySurvey {
  readonly snapshots: readonly SnapshotRecord[];
  readonly backups: readonly BackupRecord[];
  readonly refused: readonly LeitstandError[];
}

/** Makes a repository in an empty store. Throws LS-REPO-013 when anything else is there. */
export async function initialiseRepository(store: Store, options: InitialiseOptions): Promise<Repository> {
  const id = Buffer.from(options.random(16)).toString('hex');
  const context = contextOf(guardStore(store), options, id);
  await assertUnused(context.store);
  const { keyId, publicKey } = options.signingKey;
  const { version, readme, restore: script } = await readGuides();
  for (const { name, text } of [readme, script]) await context.store.put(name, text);
  const body: Omit<RepositoryRecord, 'signature'> = {
    format: FORMAT,
    kind: 'repository',
    id,
    createdAt: options.clock.now().toISOString(),
    keys: [{ keyId, publicKey: rawPublicKey(publicKey).toString('base64') }],
    readme: readme.sha256,
    restore: script.sha256,
    guides: version,
  };
  const record = signRecord(body, options.signingKey);
  await context.store.put(MARKER, encodeRecord(record));
  return repositoryOf(context, record);
}

/** Throws LS-REPO-001 when there is none, LS-REPO-002 when it was made with another key. */
export async function openRepository(store: Store, options: OpenOptions): Promise<Repository> {
  const guarded = guardStore(store);
  const record = await readRepositoryRecord({ store: guarded, trusted: trustedKey(options) });
  return repositoryOf(contextOf(guarded, options, record.id), record);
}

/** Throws LS-REPO-001 when the store holds no repository, whoever made it. */
export async function assertRepository(store: Store): Promise<void> {
  if (!(await isRepository(store))) throw noRepository(store);
}

/** Whether the store holds a repository, whoever made it. */
export async function isRepository(store: Store): Promise<boolean> {
  return (await guardStore(store).head(MARKER)) !== undefined;
}

function trustedKey(options: OpenOptions | InitialiseOptions): TrustedKey {
  const publicKey = 'publicKey' in options ? options.publicKey : options.signingKey.publicKey;
  return { keyId: keyIdOf(publicKey), publicKey };
}

function contextOf(
  store: Store,
  options: OpenOptions | InitialiseOptions,
  repositoryId: string,
): RepositoryContext {
  const { clock, random, encryption, identities = [], lockDays, onWarning = () => undefined } = options;
  if (lockDays !== undefined && store.extendLock === undefined)
    throw new TypeError(`${store.label} cannot lock anything`);
  return {
    store,
    lockDays,
    onWarning,
    trusted: trustedKey(options),
    signingKey: 'signingKey' in options ? options.signingKey : undefined,
    keyring: makeKeyring({
      recipients: encryption?.recipients ?? [],
      hostKey: encryption?.hostKey,
      packKeys: encryption?.packKeys.of(repositoryId),
      identities,
      now: () => clock.now().getTime(),
      onWarning,
    }),
    clock,
    random,
  };
}

function repositoryOf(context: RepositoryContext, record: RepositoryRecord): Repository {
  let current = record;
  return {
    id: record.id,
    label: context.store.label,
    // What a run does not need is not loaded.
    writeSnapshot: async (request) => (await import('./snapshot-writer.ts')).writeSnapshot(context, request),
    writeBackup: async (request) => {
      const backup = await writeBackup(context, request);
      current = await tryRenewGuides(context, current);
      return backup;
    },
    snapshots: async (source) => soundOnly(await surveySnapshots(context, source)),
    snapshot: (snapshot) => readSnapshot(context, snapshot),
    backups: async () => soundOnly(await surveyBackups(context)),
    survey: () => surveyAll(context),
    facts: (record) => openFacts(context, record),
    missingKey: (record) => missingKey(context, record),
    restore: async (request) => (await import('./restore.ts')).restore(context, request),
    openFile: async (request) => (await import('./restore-file.ts')).openFile(context, request),
    files: (snapshot) => filesIn(context, snapshot),
    verify: async (request) => (await import('./verify.ts')).verify(context, request),
    verifications: () => readVerificationState(context),
    prune: async (request) => (await import('./prune.ts')).prune(context, request),
  };
}

async function* filesIn(
  context: RepositoryContext,
  snapshot: Pick<SnapshotRecord, 'lists'>,
): AsyncGenerator<ListEntry> {
  const { filesOf } = await import('./restore-file.ts');
  yield* filesOf(context, snapshot);
}

async function writeBackup(context: RepositoryContext, request: WriteBackupRequest): Promise<BackupRecord> {
  const key = signingKeyOf(context);
  const snapshots = request.snapshots.map((snapshot) =>
    typeof snapshot === 'string' ? snapshot : snapshot.id,
  );
  for (const id of snapshots) {
    if (!(await context.store.head(snapshotName(id))))
      throw repositoryErrors.error('LS-REPO-012', {
        what: `snapshot ${id} of this run is not in ${context.store.label}`,
        fix: 'run the backup again',
      });
  }
  const finishedAt = context.clock.now();
  const days = context.lockDays?.(undefined);
  const lockUntil = days === undefined ? undefined : lockEnd(await context.store.time(), days);
  const body: Omit<BackupRecord, 'signature'> = {
    format: FORMAT,
    kind: 'backup',
    id: backupId(finishedAt, context.random(6)),
    stack: request.stack,
    startedAt: new Date(request.startedAt).toISOString(),
    finishedAt: finishedAt.toISOString(),
    snapshots,
    ...(lockUntil === undefined ? {} : { lockUntil: lockUntil.toISOString() }),
  };
  const record = signRecord(body, key);
  await context.store.put(backupName(record.id), encodeRecord(record), { lockUntil });
  return record;
}

/** The backup is safe by then. A store that locks and keeps no old versions refuses it each time: nothing to tell of. */
async function tryRenewGuides(
  context: RepositoryContext,
  record: RepositoryRecord,
): Promise<RepositoryRecord> {
  try {
    return await renewGuides(context, record);
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    if (context.lockDays === undefined) context.onWarning(error);
    return record;
  }
}

async function surveyAll(context: RepositoryContext): Promise<RepositorySurvey> {
  const snapshots = await surveySnapshots(context);
  const backups = await surveyBackups(context);
  return {
    snapshots: snapshots.records,
    backups: backups.records,
    refused: [...snapshots.refused, ...backups.refused],
  };
}

function soundOnly<Record>(survey: {
  readonly records: readonly Record[];
  readonly refused: readonly LeitstandError[];
}): readonly Record[] {
  const [first] = survey.refused;
  if (first) throw first;
  return survey.records;
}

/** The guides alone are an initialisation that was cut off. */
async function assertUnused(store: Store): Promise<void> {
  for await (const { name } of store.list('')) {
    if (name === README || name === RESTORE_SCRIPT) continue;
    throw repositoryErrors.error('LS-REPO-013', {
      what: `${store.label} is not empty`,
      why: `it holds ${name}`,
      fix: 'set backup.directory to a directory of its own',
    });
  }
}
