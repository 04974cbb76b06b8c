import { shortKey } from '../../backup/recovery-proof.ts';
import type { Repository } from '../../repository/repository.ts';
import type { SnapshotRecord } from '../../repository/records.ts';

/** Who can read a snapshot, as far as this machine is concerned. */
export interface EncryptionState {
  /** Public halves of the recovery keys; empty: everybody who has the backups. */
  readonly recipients: readonly string[];
  /** Whether it can be restored with the keys that are here. */
  readonly opensHere: boolean;
  /** In a column: `no`; `age1…, opens here`; `age1…, needs --identity`. */
  readonly text: string;
}

/** By snapshot's id. */
export async function encryptionStates(
  repository: Pick<Repository, 'missingKey'>,
  records: readonly SnapshotRecord[],
): Promise<ReadonlyMap<string, EncryptionState>> {
  const states = new Map<string, EncryptionState>();
  for (const record of records) states.set(record.id, await encryptionState(repository, record));
  return states;
}

export async function encryptionState(
  repository: Pick<Repository, 'missingKey'>,
  record: SnapshotRecord,
): Promise<EncryptionState> {
  if (!record.encryption) return { recipients: [], opensHere: true, text: 'no' };
  const { recipients } = record.encryption;
  const opensHere = (await repository.missingKey(record)) === undefined;
  const keys = recipients.map((key) => `${shortKey(key)}…`).join(' ');
  return { recipients, opensHere, text: `${keys}, ${opensHere ? 'opens here' : 'needs --identity'}` };
}
