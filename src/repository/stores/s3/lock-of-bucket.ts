import { s3Client } from './client.ts';
import { isNoBucket } from './failures.ts';
import { type BucketLock, bucketLock } from './object-lock.ts';
import type { S3Settings } from './settings.ts';

/**
 * `unmade`: the component has no such bucket yet. Undefined: these credentials may not ask. Rejects as the SDK and the
 * network do, or with the signal's reason.
 */
export async function lockOfBucket(
  settings: S3Settings,
  signal: AbortSignal,
): Promise<BucketLock | 'unmade' | undefined> {
  const client = s3Client(settings);
  try {
    return await bucketLock(client, settings.bucket, signal);
  } catch (error) {
    if (settings.component !== undefined && isNoBucket(error)) return 'unmade';
    throw error;
  } finally {
    client.destroy();
  }
}
