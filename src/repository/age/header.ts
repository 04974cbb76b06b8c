import { randomBytes } from 'node:crypto';
import type { AgeIdentity } from './identities.ts';
import { openPayload, payloadKeyOf, sealParts } from './stream.ts';

const NONCE_BYTES = 16;
/** Of a payload without content: one empty chunk. */
const EMPTY_PAYLOAD_BYTES = 16;
/** Far more than a header of a hundred recipients. */
export const MAX_OPENING_BYTES = 64 * 1024;

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
  open(opening: Uint8Array): Promise<Opening>;
}

/** To recipients that have passed `parseRecipient`. About a millisecond each. */
export async function makeSeal(recipients: readonly string[]): Promise<Seal> {
  if (recipients.length === 0) throw new TypeError('encrypted to nobody');
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  let fileKey: Uint8Array | undefined;
  // The library takes recipients of other kinds; this one wraps nothing and keeps the key for the payload.
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = new Uint8Array(key);
      return [];
    },
  });
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  // Bytes in one piece it would gather through a web Response, which takes longer to load than all else together.
  const empty = await gathered(await encrypter.encrypt(new Blob([]).stream()));
  if (!fileKey) throw new TypeError('the library made no file key');
  const header = empty.subarray(0, empty.length - NONCE_BYTES - EMPTY_PAYLOAD_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  return { opening: new Uint8Array([...header, ...nonce]), payloadKey: payloadKeyOf(fileKey, nonce) };
}

async function gathered(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** A small file as a whole: an opening of its own and the payload. */
export async function encryptBytes(
  recipients: readonly string[],
  plain: Uint8Array,
): Promise<{ readonly bytes: Buffer<ArrayBuffer>; readonly header: number }> {
  const { opening, payloadKey } = await makeSeal(recipients);
  return { bytes: sealParts(opening, payloadKey, [plain]), header: opening.length };
}

/** A small file as a whole. `header`: length of its opening; looked for where nobody has written it down. */
export async function decryptBytes(
  opener: Opener,
  file: Uint8Array,
  header = openingLength(file),
): Promise<Buffer | 'foreign' | 'damaged'> {
  if (header === undefined) return 'damaged';
  const opened = await opener.open(file.subarray(0, header));
  if (typeof opened === 'string') return opened;
  return openPayload(opened.payloadKey, file.subarray(header)) ?? 'damaged';
}

/** Length of header and nonce of an age file; undefined when it does not begin like one. */
export function openingLength(file: Uint8Array): number | undefined {
  const text = Buffer.from(file.subarray(0, MAX_OPENING_BYTES)).toString('latin1');
  const end = /^age-encryption\.org\/v1\n[^]*?\n--- [A-Za-z0-9+/]{43}\n/.exec(text)?.[0].length;
  return end === undefined || end + NONCE_BYTES > file.length ? undefined : end + NONCE_BYTES;
}

export async function makeOpener(identities: readonly AgeIdentity[]): Promise<Opener> {
  if (identities.length === 0) return { open: async () => 'foreign' };
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  for (const { secret } of identities) decrypter.addIdentity(secret.reveal());
  // Asked last: the header could be read, and none of the others opens it.
  const isForeign = { value: false };
  decrypter.addIdentity({
    unwrapFileKey: () => {
      isForeign.value = true;
      return null;
    },
  });
  let turn: Promise<unknown> = Promise.resolve();
  const open = async (opening: Uint8Array): Promise<Opening> => {
    isForeign.value = false;
    try {
      const header = opening.subarray(0, opening.length - NONCE_BYTES);
      const fileKey = await decrypter.decryptHeader(header);
      return { payloadKey: payloadKeyOf(fileKey, opening.subarray(opening.length - NONCE_BYTES)) };
    } catch {
      return isForeign.value ? 'foreign' : 'damaged';
    }
  };
  return {
    open: (opening) => {
      const result = turn.then(() => open(opening));
      turn = result;
      return result;
    },
  };
}
