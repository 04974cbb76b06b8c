import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { repositoryErrors } from '../errors.ts';
import { type Header, MAX_HEADER_BYTES, readHeader, writeCovered, writeHeader } from './header-text.ts';
import { type AgeIdentity, keyPairOfIdentity, publicKeyOfRecipient } from './identities.ts';
import { FILE_KEY_BYTES, unwrapFileKey, wrapFileKey, wrappedKeysOf } from './stanzas.ts';
import { openPayload, payloadKeyOf, sealParts } from './stream.ts';
import type { KeyPair } from './x25519.ts';

const NONCE_BYTES = 16;
export const MAX_OPENING_BYTES = MAX_HEADER_BYTES + NONCE_BYTES;

/**
 * What one age file begins with, made before its content is known; of use for one file only. Plain bytes, so that it can
 * be handed to a worker thread.
 */
export interface Seal {
  /** Header and 16-byte nonce: everything before the first chunk of the payload. */
  readonly opening: Uint8Array;
  /** Opens this one file. */
  readonly payloadKey: Uint8Array;
}

/** `foreign`: it is encrypted to none of these keys. `damaged`: it is no opening, or not the one that was written. */
export type Opening = { readonly payloadKey: Uint8Array } | 'foreign' | 'damaged';

/** Opens what was encrypted to its identities. */
export interface Opener {
  /** Of `opening` bytes: header and nonce. */
  open(opening: Uint8Array): Opening;
}

/**
 * For many files to the same recipients, which have passed `parseRecipient`: each call makes the seal of another file, in
 * some 100 microseconds for each of them. Throws TypeError for nobody; a seal, LS-REPO-030 for a key without a secret half.
 */
export function makeSealer(recipients: readonly string[]): () => Seal {
  if (recipients.length === 0) throw new TypeError('encrypted to nobody');
  const keys = recipients.map((recipient) => ({ recipient, key: publicKeyOfRecipient(recipient) }));
  return () => {
    const fileKey = randomBytes(FILE_KEY_BYTES);
    const stanzas = keys.map(({ recipient, key }) => {
      const stanza = wrapFileKey(fileKey, key);
      if (!stanza) throw noSecretHalf(recipient);
      return stanza;
    });
    const covered = writeCovered(stanzas);
    const header = Buffer.from(writeHeader(covered, macOf(fileKey, covered)), 'latin1');
    if (header.length > MAX_HEADER_BYTES) throw new RangeError('too many recipients');
    const nonce = randomBytes(NONCE_BYTES);
    const payloadKey = payloadKeyOf(fileKey, nonce);
    fileKey.fill(0);
    return { opening: new Uint8Array(Buffer.concat([header, nonce])), payloadKey };
  };
}

/** For one file. */
export function makeSeal(recipients: readonly string[]): Seal {
  return makeSealer(recipients)();
}

/** A small file as a whole: an opening of its own and the payload. */
export function encryptBytes(
  recipients: readonly string[],
  plain: Uint8Array,
): { readonly bytes: Buffer<ArrayBuffer>; readonly header: number } {
  const { opening, payloadKey } = makeSeal(recipients);
  return { bytes: sealParts(opening, payloadKey, [plain]), header: opening.length };
}

/** A small file as a whole. `header`: length of its opening; looked for where nobody has written it down. */
export function decryptBytes(
  opener: Opener,
  file: Uint8Array,
  header = openingLength(file),
): Buffer | 'foreign' | 'damaged' {
  if (header === undefined) return 'damaged';
  const opened = opener.open(file.subarray(0, header));
  if (typeof opened === 'string') return opened;
  return openPayload(opened.payloadKey, file.subarray(header)) ?? 'damaged';
}

/** Length of header and nonce of an age file; undefined when it does not begin like one. */
export function openingLength(file: Uint8Array): number | undefined {
  const length = readHeader(file)?.length;
  return length === undefined || length + NONCE_BYTES > file.length ? undefined : length + NONCE_BYTES;
}

/**
 * `open` takes some 100 microseconds for each stanza and identity until one opens; no header that is read has more than
 * 667 stanzas for such identities.
 */
export function makeOpener(identities: readonly AgeIdentity[]): Opener {
  const keyPairs = identities.map(keyPairOfIdentity);
  return {
    open: (opening) => {
      const header = readHeader(opening);
      if (header?.length !== opening.length - NONCE_BYTES) return 'damaged';
      const fileKey = fileKeyOf(header, keyPairs);
      if (typeof fileKey === 'string') return fileKey;
      try {
        if (!timingSafeEqual(macOf(fileKey, header.covered), header.mac)) return 'damaged';
        return { payloadKey: payloadKeyOf(fileKey, opening.subarray(header.length)) };
      } finally {
        fileKey.fill(0);
      }
    },
  };
}

function noSecretHalf(recipient: string) {
  return repositoryErrors.error('LS-REPO-030', {
    what: `${recipient} is a public key that no secret key belongs to`,
    why: 'its check digits are right, but nobody could ever open what is encrypted to it: it was not made by age-keygen',
    fix: 'make a recovery key (leitstand backup kit --new), and give its public half in its place',
  });
}

function fileKeyOf({ stanzas }: Header, keyPairs: readonly KeyPair[]): Buffer | 'foreign' | 'damaged' {
  const wrappedKeys = wrappedKeysOf(stanzas);
  if (!wrappedKeys) return 'damaged';
  for (const wrapped of wrappedKeys) {
    const fileKey = unwrapFileKey(wrapped, keyPairs);
    if (fileKey !== 'foreign') return fileKey;
  }
  return 'foreign';
}

/** "Header MAC": of a header up to its `---`. */
function macOf(fileKey: Uint8Array, covered: string): Buffer {
  const key = new Uint8Array(hkdfSync('sha256', fileKey, '', 'header', 32));
  return createHmac('sha256', key).update(covered, 'latin1').digest();
}
