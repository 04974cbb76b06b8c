import {
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  type StorageClass,
} from '@aws-sdk/client-s3';
import { assertUsable, type Bucket, placeOf } from './bucket.ts';
import { isRefusal } from './failures.ts';
import { assertLocked, isThere, lockedInput, lockRefusal } from './object-lock.ts';
import type { S3Settings } from './settings.ts';

/** One request: the object is there whole, or not at all. With `lockUntil` only a server that locks gets more than one. */
export async function putObject(
  bucket: Bucket,
  object: string,
  { data, lockUntil }: { readonly data: Uint8Array; readonly lockUntil: Date | undefined },
): Promise<void> {
  const { client, settings } = bucket;
  const place = placeOf(bucket, object);
  const input = {
    ...place,
    ...optionsOf(settings),
    Body: Buffer.from(data),
    ContentLength: data.length,
  };
  await assertUsable(bucket);
  const { objectLock } = settings;
  if (lockUntil === undefined || objectLock === undefined) return send(client, input);
  try {
    await send(client, { ...input, ...lockedInput(objectLock, input.Body, lockUntil) });
  } catch (error) {
    const refusal = await lockRefusal(client, { error, bucket: bucket.name, label: bucket.label });
    if (refusal) throw refusal;
    if (!isRefusal(error) || !(await isThere(client, place, input.Body))) throw error;
  }
  if (bucket.locks) return;
  await assertLocked(client, place, bucket.label);
  bucket.locks = true;
}

async function send(client: S3Client, input: PutObjectCommandInput): Promise<void> {
  const answer = await client.send(new PutObjectCommand(input));
  // A web page is no promise to keep anything.
  if (answer.ETag === undefined)
    throw Object.assign(new Error('the answer is not that of an S3 server'), {
      name: 'NoObject',
      $metadata: answer.$metadata,
    });
}

function optionsOf({ storageClass, encryption, kmsKeyId }: S3Settings): Partial<PutObjectCommandInput> {
  return {
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
    ...(encryption === undefined ? {} : { ServerSideEncryption: encryption }),
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
  };
}
