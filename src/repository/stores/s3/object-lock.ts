import { createHash } from 'node:crypto';
import {
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type ObjectLockMode,
  type PutObjectCommandInput,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectLock } from '../../../stack/stack.ts';
import { repositoryErrors } from '../../errors.ts';
import { isRefusal, nameOf, statusOf } from './failures.ts';

const NOT_IMPLEMENTED = 501;

export interface Place {
  readonly Bucket: string;
  readonly Key: string;
}

/** S3 takes an object with a lock only with a checksum of its own; this one every server knows. */
export function lockedInput(
  { mode }: Pick<ObjectLock, 'mode'>,
  data: Uint8Array,
  until: Date,
): Partial<PutObjectCommandInput> {
  return {
    ObjectLockMode: modeWord(mode),
    ObjectLockRetainUntilDate: until,
    ContentMD5: createHash('md5').update(data).digest('base64'),
  };
}

function modeWord(mode: ObjectLock['mode']): ObjectLockMode {
  return mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
}

/**
 * Whether a refused `put` found the same object, locked, from an attempt before: a server without versions lets nobody
 * write over it.
 */
export async function isThere(client: S3Client, place: Place, data: Uint8Array): Promise<boolean> {
  const found = await headOf(client, place);
  if (found === undefined || found.ContentLength !== data.length) return false;
  const md5 = createHash('md5').update(data).digest('hex');
  const tag = found.ETag?.replaceAll('"', '') ?? '';
  // Where the server encrypts with a key of KMS, the tag is no MD5.
  return (
    found.ObjectLockRetainUntilDate !== undefined && (tag === md5 || found.ServerSideEncryption === 'aws:kms')
  );
}

/** In the mode that it has already, where it is locked: only its end is ours to move, and only to later. */
export async function extendLockOf(
  client: S3Client,
  place: Place,
  { mode, until }: { readonly mode: ObjectLock['mode']; readonly until: Date },
): Promise<void> {
  try {
    await setRetention(client, place, modeWord(mode), until);
  } catch (error) {
    const found = isRefusal(error) ? await headOf(client, place) : undefined;
    const end = found?.ObjectLockRetainUntilDate;
    if (end && end >= until) return;
    const other = found?.ObjectLockMode;
    if (other === undefined || other === modeWord(mode)) throw error;
    await setRetention(client, place, other, until);
  }
}

async function setRetention(client: S3Client, place: Place, mode: ObjectLockMode, until: Date) {
  const Retention = { Mode: mode, RetainUntilDate: until };
  await client.send(new PutObjectRetentionCommand({ ...place, Retention }));
}

/** Until when an object that could not be deleted is locked; undefined: it is not, or these credentials may not ask. */
export async function lockedUntil(client: S3Client, place: Place): Promise<Date | undefined> {
  const found = await headOf(client, place);
  const end = found?.ObjectLockRetainUntilDate;
  return end && end.getTime() > Date.now() ? end : undefined;
}

async function headOf(client: S3Client, place: Place): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await client.send(new HeadObjectCommand(place));
  } catch (error) {
    if (statusOf(error) >= 400) return undefined;
    throw error;
  }
}

/**
 * Some servers take the lock and forget it. Throws LS-REPO-035 unless the object has one; who may write and not ask is
 * believed.
 */
export async function assertLocked(client: S3Client, place: Place, label: string): Promise<void> {
  let why = 'it took the object and says that it has no lock';
  try {
    const { Retention } = await client.send(new GetObjectRetentionCommand(place));
    if (Retention?.RetainUntilDate !== undefined) return;
  } catch (error) {
    if (isRefusal(error)) return;
    const status = statusOf(error);
    if (status < 400 || (status >= 500 && status !== NOT_IMPLEMENTED)) throw error;
    why = `it took the object and says of its lock: ${nameOf(error)}`;
  }
  throw unlocked(label, why);
}

/** Whatever the server's words were for a `put` with a lock: undefined unless the bucket has no object lock. */
export async function lockRefusal(
  client: S3Client,
  { error, bucket, label }: { readonly error: unknown; readonly bucket: string; readonly label: string },
): Promise<Error | undefined> {
  if (![400, 409, NOT_IMPLEMENTED].includes(statusOf(error))) return undefined;
  if ((await bucketLock(client, bucket).catch(() => undefined))?.isEnabled !== false) return undefined;
  const why = error instanceof Error ? `${error.name}: ${error.message.slice(0, 200)}` : undefined;
  return unlocked(label, why, error);
}

/** What a bucket does with objects for which nothing is asked. */
export interface BucketLock {
  readonly isEnabled: boolean;
  readonly byDefault?: { readonly mode: string; readonly days: number } | undefined;
}

const NO_LOCK = ['ObjectLockConfigurationNotFoundError', 'NotImplemented'];

/** Undefined: these credentials may not ask. Rejects as the SDK does. */
export async function bucketLock(
  client: S3Client,
  bucket: string,
  signal?: AbortSignal,
): Promise<BucketLock | undefined> {
  try {
    const command = new GetObjectLockConfigurationCommand({ Bucket: bucket });
    const { ObjectLockConfiguration: found } = await client.send(command, {
      ...(signal && { abortSignal: signal }),
    });
    const { Mode: mode, Days: days, Years: years = 0 } = found?.Rule?.DefaultRetention ?? {};
    return {
      isEnabled: found?.ObjectLockEnabled === 'Enabled',
      byDefault: mode === undefined ? undefined : { mode: mode.toLowerCase(), days: days ?? years * 365 },
    };
  } catch (error) {
    if (NO_LOCK.includes(nameOf(error)) || statusOf(error) === NOT_IMPLEMENTED) return { isEnabled: false };
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

function unlocked(label: string, why: string | undefined, cause?: unknown) {
  return repositoryErrors.error('LS-REPO-035', {
    what: `${label} does not lock what is stored in it`,
    why,
    fix: 'switch object lock on for the bucket (or make a new one with it), or remove `object_lock` below `backup.s3`',
    cause,
  });
}
