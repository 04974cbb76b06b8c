import { CreateBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { assertObjectName } from '../object-name.ts';
import { s3Client } from './client.ts';
import { isNoBucket, nameOf, s3Error } from './failures.ts';
import { askForPage } from './list-page.ts';
import type { Place } from './object-lock.ts';
import type { S3Settings } from './settings.ts';

export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
  /** Before every object's name: empty, or with a closing `/`. */
  readonly root: string;
  readonly label: string;
  readonly settings: S3Settings;
  /** Set by the first answer that only a bucket gives. */
  isKnown: boolean;
  /** Set when the server was seen to lock what it took with a lock. */
  locks: boolean;
}

export function openBucket(settings: S3Settings): Bucket {
  const { bucket: name, prefix, endpoint } = settings;
  const below = prefix === '' ? '' : `, below ${prefix}/`;
  const at = endpoint === undefined ? '' : `, at ${new URL(endpoint).host}`;
  return {
    client: s3Client(settings),
    name,
    root: prefix === '' ? '' : `${prefix}/`,
    label: `S3 bucket ${name}${below}${at}`,
    settings,
    isKnown: false,
    locks: false,
  };
}

export function placeOf({ name, root }: Pick<Bucket, 'name' | 'root'>, object: string): Place {
  return { Bucket: name, Key: `${root}${assertObjectName(object)}` };
}

export async function telling<Result>(
  { label, name, settings }: Bucket,
  action: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw s3Error(error, { label, action, bucket: name, component: settings.component });
  }
}

/**
 * Once: a list tells best what is wrong. HEAD has no body, so that 404 may also mean that there is no such bucket or
 * (versitygw) user, and SeaweedFS answers 500 to a PUT into no bucket.
 */
export async function assertKnown(bucket: Bucket): Promise<void> {
  const { client, name, root } = bucket;
  if (!bucket.isKnown)
    await askForPage(client, new ListObjectsV2Command({ Bucket: name, Prefix: root, MaxKeys: 1 }));
  bucket.isKnown = true;
}

/** For writing: a component of the stack has the buckets that are asked for. */
export async function assertUsable(bucket: Bucket): Promise<void> {
  try {
    await assertKnown(bucket);
  } catch (error) {
    if (!mayBeMade(bucket, error)) throw error;
    await makeBucket(bucket);
    bucket.isKnown = true;
  }
}

/** There is nothing in a bucket of a component that was never written to. */
export async function unlessUnmade<Result>(
  bucket: Bucket,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (mayBeMade(bucket, error)) return undefined;
    throw error;
  }
}

function mayBeMade({ settings }: Bucket, error: unknown): boolean {
  return settings.component !== undefined && isNoBucket(error);
}

async function makeBucket({ client, name, settings }: Bucket): Promise<void> {
  const locks = settings.objectLock === undefined ? {} : { ObjectLockEnabledForBucket: true };
  try {
    await client.send(new CreateBucketCommand({ Bucket: name, ...locks }));
  } catch (error) {
    // Another command of this stack was faster.
    if (nameOf(error) !== 'BucketAlreadyOwnedByYou') throw error;
  }
}
