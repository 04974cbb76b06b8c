import type { SnapshotRecord } from '../repository/records.ts';
import type { proveRecoveryKey } from '../repository/repository.ts';
import { ageOfProof, type ExpectedProof, type Proof, type ProofClaim } from '../stack/proof.ts';
import { backupErrors } from './errors.ts';

export const RECOVERY_PROOF = 'recovery-key';

/** Thirteen months: who looks once a year is in time. */
const AGE_LIMIT_MS = 400 * 86_400_000;
/** `age1` and ten characters: no two keys of a stack have them in common. */
const SHORT_LENGTH = 14;

/** A recovery key as people tell it from another. */
export function shortKey(recipient: string): string {
  return recipient.slice(0, SHORT_LENGTH);
}

/** What was opened with the secret half, beside something that was encrypted for the purpose. */
export interface OpenedFile {
  readonly snapshot: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * That the secret half of this key is there and opens what is encrypted to it. `origin`: `made` has it from its making,
 * `kept` from where people keep it.
 */
export function recoveryClaim(
  recipient: string,
  { origin, opened }: { readonly origin: 'made' | 'kept'; readonly opened?: OpenedFile | undefined },
): ProofClaim {
  const stored = opened ? ` and a file of snapshot ${opened.snapshot}` : '';
  return {
    kind: RECOVERY_PROOF,
    subject: shortKey(recipient),
    verdict: 'proven',
    method: `random bytes that were encrypted as backups are${stored} opened with the secret half ${origin === 'made' ? 'just made' : 'that people keep'}`,
    facts: {
      fingerprint: recipient,
      origin,
      ...(opened ? { snapshot: opened.snapshot, path: opened.path, bytes: opened.size } : {}),
    },
    ageLimitMs: AGE_LIMIT_MS,
    notProven: [
      ...(origin === 'made'
        ? ['that somebody keeps the kit: try it once with `leitstand backup kit --prove`']
        : []),
      'that the kit is where people will look for it',
    ],
  };
}

/** Each key by itself: whoever holds one of them wants to know that it opens. */
export function expectedRecoveryProofs(recoveryKeys: readonly string[]): ExpectedProof[] {
  return recoveryKeys.map((recipient) => ({
    kind: RECOVERY_PROOF,
    subject: shortKey(recipient),
    fingerprint: recipient,
  }));
}

export interface RecoveryProofs {
  latestProven(kind: string, subject: string): Proof | undefined;
}

/**
 * Throws LS-BACKUP-008 when none of the keys was ever shown to open anything. A proof that is old does not stop a
 * backup: `status` asks for a new one.
 */
export function assertRecoverable(recoveryKeys: readonly string[], proofs: RecoveryProofs): void {
  if (recoveryKeys.length === 0) return;
  const isProven = recoveryKeys.some(
    (key) => proofs.latestProven(RECOVERY_PROOF, shortKey(key)) !== undefined,
  );
  if (isProven) return;
  const [first = ''] = recoveryKeys;
  throw backupErrors.error('LS-BACKUP-008', {
    what: `no recovery key of this stack (${shortKey(first)}…${recoveryKeys.length > 1 ? ` and ${recoveryKeys.length - 1} more` : ''}) was tried on this machine yet`,
    why: 'if its secret half were lost or mistyped, no backup could ever be opened',
    fix: 'leitstand backup kit --prove FILE, with the recovery kit or an identity file of age; - takes it from stdin, so that it need not be stored here',
  });
}

/** Throws LS-BACKUP-013 when the newest snapshot is encrypted, and what is stored from now on would not be. */
export function assertStillEncrypted(
  recoveryKeys: readonly string[],
  newest: Pick<SnapshotRecord, 'encryption'> | undefined,
): void {
  if (recoveryKeys.length > 0 || !newest?.encryption) return;
  throw backupErrors.error('LS-BACKUP-013', {
    what: 'the configuration names no recovery key, and the newest backup is encrypted',
    why: `it is encrypted to ${newest.encryption.recipients.join(', ')}`,
    fix: 'put that into `backup: {recovery_keys: […]}` again, also for this environment; or, where backups shall be readable by all who have them: leitstand backup --unencrypted',
  });
}

export const NOT_ENCRYPTED =
  'backups are not encrypted: whoever has them can read them. To change that: leitstand backup kit --new';

/** What does not keep a backup from being made, and has to be known nevertheless. */
export function encryptionWarnings(
  recoveryKeys: readonly string[],
  proofs: RecoveryProofs,
  now: Date,
): readonly string[] {
  if (recoveryKeys.length === 0) return [NOT_ENCRYPTED];
  return recoveryKeys.flatMap((key) => {
    const proof = proofs.latestProven(RECOVERY_PROOF, shortKey(key));
    const ageMs = proof && ageOfProof(proof, now);
    if (proof && ageMs !== undefined && ageMs <= proof.ageLimitMs) return [];
    const since = proof ? `was last tried on ${proof.at.slice(0, 10)}` : 'was never tried';
    return [`the recovery key ${shortKey(key)}… ${since}: leitstand backup kit --prove FILE`];
  });
}

/** Throws LS-BACKUP-010 when the identities open none of the keys. */
export function assertOpens({ recipients }: Awaited<ReturnType<typeof proveRecoveryKey>>): void {
  if (recipients.some(({ opens }) => opens)) return;
  throw backupErrors.error('LS-BACKUP-010', {
    what: 'the secret key that was given belongs to none of the recovery keys in the configuration',
    why: `they are ${recipients.map(({ recipient }) => recipient).join(', ')}`,
    fix: 'give the kit of one of these keys; or, with the secret half of another key, put its public half into `backup.recovery_keys`',
  });
}
