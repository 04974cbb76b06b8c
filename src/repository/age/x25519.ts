import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';

/*
 * Key pairs of age and what two of them share (age-encryption.org/v1, "The X25519 recipient type"; the curve is that of
 * RFC 7748, by node:crypto).
 */

export const KEY_BYTES = 32;
/** PKCS #8 up to the 32 bytes of the secret key (RFC 8410, section 7). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** The public half, ready for use. */
export interface PublicKey {
  readonly bytes: Uint8Array;
  readonly key: KeyObject;
}

/** Both halves, ready for use. */
export interface KeyPair {
  readonly secretKey: KeyObject;
  /** Public half. */
  readonly bytes: Uint8Array;
}

/** Of any 32 bytes. */
export function publicKeyOf(bytes: Uint8Array): PublicKey {
  const x = Buffer.from(bytes).toString('base64url');
  return { bytes, key: createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' }) };
}

/** Of any 32 bytes. */
export function keyPairOf(secret: Uint8Array): KeyPair {
  const der = Buffer.concat([PKCS8, secret]);
  const secretKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return { secretKey, bytes: bytesOf(createPublicKey(secretKey)) };
}

/** One that is used once, of the system's randomness. */
export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { secretKey: privateKey, bytes: bytesOf(publicKey) };
}

/**
 * Undefined when it would be all zeros, whatever the secret key: the other half is a point of low order, which nobody has
 * a secret key for (RFC 7748, section 6.1; the curve's code refuses it).
 */
export function sharedSecret(secretKey: KeyObject, publicKey: KeyObject): Buffer | undefined {
  try {
    return diffieHellman({ privateKey: secretKey, publicKey });
  } catch {
    return undefined;
  }
}

function bytesOf(key: KeyObject): Uint8Array {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}
