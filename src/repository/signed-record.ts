import { type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { canonicalJson, type Json } from '../platform/canonical-json.ts';
import { repositoryErrors } from './errors.ts';
import type { SigningKey } from './keys.ts';

/** In another thread. */
const verifies = promisify(
  (
    algorithm: null,
    data: Uint8Array,
    key: KeyObject,
    signature: Uint8Array,
    done: (error: Error | null, isRight: boolean) => void,
  ) => verify(algorithm, data, key, signature, done),
);

export interface Signature {
  readonly keyId: string;
  /** Ed25519 over the canonical JSON of the record without its `signature`; base64. */
  readonly value: string;
}

/** Whose records are believed. */
export interface TrustedKey {
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

type JsonObject = { readonly [key: string]: Json };

export function signRecord<Body extends object>(
  body: Body,
  key: SigningKey,
): Body & { signature: Signature } {
  const value = sign(null, Buffer.from(canonicalJson(body as unknown as Json)), key.privateKey);
  return { ...body, signature: { keyId: key.keyId, value: value.toString('base64') } };
}

/** What is stored: canonical JSON and a line feed, so that one record has one text. */
export function encodeRecord(record: object): Buffer {
  return Buffer.from(`${canonicalJson(record as Json)}\n`);
}

/**
 * The record in the bytes of an object, once its signature holds. Rejects with LS-REPO-002 for a foreign key and
 * LS-REPO-003 for everything that is not byte for byte what was signed.
 */
export async function openRecord(name: string, bytes: Uint8Array, trusted: TrustedKey): Promise<JsonObject> {
  const record = parseObject(bytes);
  const signature = record?.['signature'];
  if (record === undefined || !isSignature(signature)) throw altered(name, 'it is no signed record');
  if (signature.keyId !== trusted.keyId) throw foreign(name, signature.keyId, trusted.keyId);
  const text = signedText(record, signature, bytes);
  const value = Buffer.from(signature.value, 'base64');
  // Base64 has unused bits at its end, so that several texts stand for the same signature.
  if (text === undefined || value.toString('base64') !== signature.value)
    throw altered(name, 'it is not written as records are');
  if (!(await verifies(null, text, trusted.publicKey, value)))
    throw altered(name, 'its signature does not match its contents');
  return record;
}

/**
 * The bytes without the signature, which stands where the order of the members has it; undefined where it does not. They
 * are what was signed, or something else; never the same record written in another way, which has another signature.
 */
function signedText(
  record: JsonObject,
  { keyId, value }: Signature,
  bytes: Uint8Array,
): Uint8Array | undefined {
  const names = Object.keys(record);
  const at = names.indexOf('signature');
  if (at < 1 || names.some((name, i) => i > 0 && (names[i - 1] ?? '') >= name)) return undefined;
  const behind = names
    .slice(at + 1)
    .map((name) => `,${JSON.stringify(name)}:${JSON.stringify(record[name])}`);
  const own = Buffer.from(`,"signature":${canonicalJson({ keyId, value })}`);
  const end = Buffer.from(`${behind.join('')}}\n`);
  const from = bytes.length - own.length - end.length;
  if (from < 0 || !Buffer.concat([own, end]).equals(bytes.subarray(from))) return undefined;
  // The line feed is not signed.
  return Buffer.concat([bytes.subarray(0, from), end.subarray(0, -1)]);
}

export function altered(name: string, why: string) {
  return repositoryErrors.error('LS-REPO-003', {
    what: `record ${name} was altered or cut off`,
    why,
    fix: `fetch ${name} again from a copy of the repository, or use another snapshot (leitstand backup list)`,
  });
}

function foreign(name: string, found: string, wanted: string) {
  return repositoryErrors.error('LS-REPO-002', {
    what: `record ${name} is signed with key ${found}, not with ours (${wanted})`,
    why: 'it was written by another installation or put there by somebody',
    fix: 'use the state directory or the public key of the installation that made these backups',
  });
}

/** Nesting of a record: `expectations` may hold what a source likes, and none of them is so deep. */
const MAX_DEPTH = 100;

/** Whether brackets are nested deeper than a record's: the parser would make gigabytes of objects of them. */
function isDeep(bytes: Uint8Array): boolean {
  let [depth, inText] = [0, false];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inText && byte === 0x5c) at += 1;
    else if (byte === 0x22) inText = !inText;
    else if (!inText && (byte === 0x5b || byte === 0x7b)) depth += 1;
    else if (!inText && (byte === 0x5d || byte === 0x7d)) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function parseObject(bytes: Uint8Array): JsonObject | undefined {
  if (isDeep(bytes)) return undefined;
  try {
    const value = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'),
    ) as Json;
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

function isSignature(value: Json | undefined): value is { keyId: string; value: string } {
  return (
    value !== null &&
    typeof value === 'object' &&
    'keyId' in value &&
    typeof value.keyId === 'string' &&
    'value' in value &&
    typeof value.value === 'string'
  );
}
