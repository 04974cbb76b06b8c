import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  type StorageClass,
} from '@aws-sdk/client-s3';
import type { Store, StoredObject } from '../../../stack/store.ts';
import { assertObjectName } from '../object-name.ts';
import { s3Client } from './client.ts';
import { isAnswer, isMissing, isPastTheEnd, s3Error } from './failures.ts';
import type { S3Settings } from './settings.ts';

/** A body may break off in the middle; the SDK tries requests again, not bodies. */
const BODY_ATTEMPTS = 4;

interface Bucket {
  readonly client: S3Client;
  readonly name: string;
  /** Before every object's name: empty, or with a closing `/`. */
  readonly root: string;
  readonly label: string;
  /** Set by the first answer that only a bucket gives. */
  isKnown: boolean;
}

/**
 * A store in an S3 bucket. One request for each operation, `PutObject` only: a pack fits one, is there whole or not at
 * all, and repeating it is harmless. Rejects with LS-REPO-006 and -020 to -024.
 */
export function openS3Store(settings: S3Settings): Store {
  const { bucket: name, prefix, endpoint } = settings;
  const below = prefix === '' ? '' : `, below ${prefix}/`;
  const at = endpoint === undefined ? '' : `, at ${new URL(endpoint).host}`;
  const bucket: Bucket = {
    client: s3Client(settings),
    name,
    root: prefix === '' ? '' : `${prefix}/`,
    label: `S3 bucket ${name}${below}${at}`,
    isKnown: false,
  };
  return {
    label: bucket.label,
    put: async (object, data) => {
      const input = { ...placeOf(bucket, object), ...optionsOf(settings) };
      const command = new PutObjectCommand({ ...input, Body: Buffer.from(data), ContentLength: data.length });
      await telling(bucket, `write ${object}`, async () => {
        await assertKnown(bucket);
        await bucket.client.send(command);
      });
    },
    get: async (object, range) => {
      const input = {
        ...placeOf(bucket, object),
        ...(range === undefined ? {} : { Range: rangeText(range) }),
      };
      const bytes = await telling(bucket, `read ${object}`, () => readWhole(bucket.client, input));
      return range === undefined ? bytes : bytes?.subarray(0, range.length);
    },
    head: async (object) => {
      const place = placeOf(bucket, object);
      return telling(bucket, `look at ${object}`, () => lookAt(bucket, place));
    },
    list: (wanted) => listObjects(bucket, wanted),
    time: () => telling(bucket, 'tell the time', () => timeOf(bucket)),
    delete: async (object) => {
      const command = new DeleteObjectCommand(placeOf(bucket, object));
      await telling(bucket, `delete ${object}`, () => bucket.client.send(command));
    },
  };
}

function placeOf({ name, root }: Bucket, object: string) {
  return { Bucket: name, Key: `${root}${assertObjectName(object)}` };
}

async function telling<Result>(
  { label, name }: Bucket,
  action: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw s3Error(error, { label, action, bucket: name });
  }
}

async function lookAt(
  bucket: Bucket,
  place: ReturnType<typeof placeOf>,
): Promise<{ readonly size: number } | undefined> {
  try {
    const { ContentLength: size = 0 } = await bucket.client.send(new HeadObjectCommand(place));
    return { size };
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await assertKnown(bucket);
  return undefined;
}

/**
 * Once: a list tells best what is wrong. HEAD has no body, so that 404 may also mean that there is no such bucket or
 * (versitygw) user, and SeaweedFS answers 500 to a PUT into no bucket.
 */
async function assertKnown(bucket: Bucket): Promise<void> {
  const { client, name, root } = bucket;
  if (!bucket.isKnown)
    await client.send(new ListObjectsV2Command({ Bucket: name, Prefix: root, MaxKeys: 1 }));
  bucket.isKnown = true;
}

async function* listObjects(bucket: Bucket, wanted: string): AsyncGenerator<StoredObject> {
  const { client, name, root } = bucket;
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: name,
      Prefix: `${root}${wanted}`,
      ContinuationToken: token,
    });
    const page = await telling(bucket, `list ${wanted}`, () => client.send(command));
    for (const { Key: key = '', Size: size = 0, LastModified: modifiedAt = new Date(0) } of page.Contents ??
      [])
      yield { name: key.slice(root.length), size, modifiedAt };
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** Of the header `Date`, in whole seconds. */
async function timeOf({ client, name, root }: Bucket): Promise<Date> {
  const command = new ListObjectsV2Command({ Bucket: name, Prefix: root, MaxKeys: 1 });
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { readonly headers?: Readonly<Record<string, string>> }).headers?.['date'];
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  await client.send(command);
  const time = new Date(date ?? '');
  if (Number.isNaN(time.getTime())) throw new Error('the server does not say what time it is');
  return time;
}

/** Undefined when there is no such object. */
async function readWhole(client: S3Client, input: GetObjectCommandInput): Promise<Uint8Array | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { Body: body, ContentLength: length } = await client.send(new GetObjectCommand(input));
      const bytes = (await body?.transformToByteArray()) ?? new Uint8Array();
      if (length === undefined || bytes.length === length) return bytes;
      throw new Error(`the answer broke off after ${bytes.length} of ${length} bytes`);
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (isPastTheEnd(error)) return new Uint8Array();
      if (isAnswer(error) || attempt === BODY_ATTEMPTS) throw error;
    }
  }
}

/** HTTP knows no empty range: one byte is asked for and left out. */
function rangeText({ offset, length }: { readonly offset: number; readonly length: number }): string {
  return `bytes=${offset}-${offset + Math.max(1, length) - 1}`;
}

function optionsOf({ storageClass, encryption, kmsKeyId }: S3Settings): Partial<PutObjectCommandInput> {
  return {
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
    ...(encryption === undefined ? {} : { ServerSideEncryption: encryption }),
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
  };
}
