import { randomBytes } from 'node:crypto';
import { decryptBytes, encryptBytes, makeOpener } from './header.ts';
import type { AgeIdentity } from './identities.ts';

export interface RecoveryProof {
  /** Every recipient was shown to open: the secret half of each is there. */
  readonly proven: boolean;
  readonly recipients: readonly { readonly recipient: string; readonly opens: boolean }[];
}

/** More than one chunk, so that its parts are put together as a pack's are. */
const CHALLENGE_BYTES = 100_000;

/**
 * Whether these secret keys open what is encrypted to these recipients: random bytes are encrypted exactly as a pack is,
 * and decrypted with one identity at a time. An identity counts for the recipient that it is the secret half of.
 */
export async function proveRecoveryKey(
  recipients: readonly string[],
  identities: readonly AgeIdentity[],
): Promise<RecoveryProof> {
  const challenge = randomBytes(CHALLENGE_BYTES);
  const { bytes, header } = encryptBytes(recipients, challenge);
  const opened = new Set<string>();
  for (const identity of identities) {
    const plain = decryptBytes(makeOpener([identity]), bytes, header);
    if (typeof plain !== 'string' && plain.equals(challenge)) opened.add(identity.recipient);
  }
  const results = recipients.map((recipient) => ({ recipient, opens: opened.has(recipient) }));
  return { proven: results.every(({ opens }) => opens) && results.length > 0, recipients: results };
}
