import { type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, type Json } from '../platform/canonical-json.ts';
import { repositoryErrors } from './errors.ts';
import type { SigningKey } from './keys.ts';

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
 * The record in the bytes of an object, once its signature holds. Throws LS-REPO-002 for a foreign key and
 * LS-REPO-003 for everything that is not byte for byte what was signed.
 */
export function openRecord(name: string, bytes: Uint8Array, trusted: TrustedKey): JsonObject {
  const record = parseObject(bytes);
  const signature = record?.['signature'];
  if (record === undefined || !isSignature(signature)) throw altered(name, 'it is no signed record');
  if (signature.keyId !== trusted.keyId) throw foreign(name, signature.keyId, trusted.keyId);
  const { signature: _, ...body } = record;
  const text = Buffer.from(canonicalJson(body));
  const value = Buffer.from(signature.value, 'base64');
  if (!verify(null, text, trusted.publicKey, value))
    throw altered(name, 'its signature does not match its contents');
  // Base64 has unused bits at its end, so that several texts stand for the same signature.
  if (value.toString('base64') !== signature.value || !encodeRecord(record).equals(bytes))
    throw altered(name, 'it is not written as records are');
  return record;
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

function parseObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Json;
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
