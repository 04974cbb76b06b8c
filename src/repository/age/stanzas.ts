import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { decodeBase64, encodeBase64, type Stanza } from './header-text.ts';
import { KEY_BYTES, type KeyPair, makeKeyPair, type PublicKey, publicKeyOf, sharedSecret } from './x25519.ts';

/*
 * The file key in the stanza of one recipient (age-encryption.org/v1, "X25519 recipient stanza"): sealed by
 * ChaCha20-Poly1305 under what a key pair made for this one stanza shares with the recipient.
 */

const TYPE = 'X25519';
const INFO = 'age-encryption.org/v1/X25519';
export const FILE_KEY_BYTES = 16;
const TAG_BYTES = 16;
const ALGORITHM = 'chacha20-poly1305';
/** A wrap key seals one file key. */
const NONCE = new Uint8Array(12);

/** A stanza of this type. */
export interface WrappedKey {
  /** Public half of the pair that was made for it, 32 bytes. */
  readonly share: Uint8Array;
  readonly body: Uint8Array;
}

/** Undefined where the recipient is a point of low order, which no secret key belongs to. */
export function wrapFileKey(fileKey: Uint8Array, recipient: PublicKey): Stanza | undefined {
  const { secretKey, bytes: share } = makeKeyPair();
  const shared = sharedSecret(secretKey, recipient.key);
  if (!shared) return undefined;
  const key = wrapKeyOf(shared, share, recipient.bytes);
  const cipher = createCipheriv(ALGORITHM, key, NONCE, { authTagLength: TAG_BYTES });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  return { args: [TYPE, encodeBase64(share)], body };
}

/** Those of this type among the stanzas of a header; undefined when one of them is not as the spec has it. */
export function wrappedKeysOf(stanzas: readonly Stanza[]): readonly WrappedKey[] | undefined {
  const found: WrappedKey[] = [];
  for (const { args, body } of stanzas) {
    const [type, encoded, ...more] = args;
    if (type !== TYPE) continue;
    const share = encoded === undefined ? undefined : decodeBase64(encoded);
    // Of another length it could be made to open with several keys, and so tell which ones are here.
    const isWhole = share?.length === KEY_BYTES && body.length === FILE_KEY_BYTES + TAG_BYTES;
    if (!isWhole || more.length > 0) return undefined;
    found.push({ share, body });
  }
  return found;
}

/** `foreign`: it was wrapped for none of these. `damaged`: for nobody, its share is a point of low order. */
export function unwrapFileKey(
  { share, body }: WrappedKey,
  keyPairs: readonly KeyPair[],
): Buffer | 'foreign' | 'damaged' {
  const { key: shareKey } = publicKeyOf(share);
  for (const { secretKey, bytes } of keyPairs) {
    const shared = sharedSecret(secretKey, shareKey);
    if (!shared) return 'damaged';
    const fileKey = openBody(wrapKeyOf(shared, share, bytes), body);
    if (fileKey) return fileKey;
  }
  return 'foreign';
}

function openBody(wrapKey: Uint8Array, body: Uint8Array): Buffer | undefined {
  const decipher = createDecipheriv(ALGORITHM, wrapKey, NONCE, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(body.subarray(FILE_KEY_BYTES));
  const fileKey = decipher.update(body.subarray(0, FILE_KEY_BYTES));
  try {
    decipher.final();
    return fileKey;
  } catch {
    return undefined;
  }
}

function wrapKeyOf(shared: Uint8Array, share: Uint8Array, recipient: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', shared, Buffer.concat([share, recipient]), INFO, KEY_BYTES));
}
