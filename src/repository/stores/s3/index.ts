import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Store, StoredObject } from '../../../stack/store.ts';
import { repositoryErrors } from '../../errors.ts';
import { assertKnown, type Bucket, openBucket, placeOf, telling, unlessUnmade } from './bucket.ts';
import { isMissing, isPastTheEnd, isRefusal, statusOf } from './failures.ts';
import { askForPage } from './list-page.ts';
import { extendLockOf, lockedUntil } from './object-lock.ts';
import { putObject } from './put.ts';
import type { S3Settings } from './settings.ts';

/** A body may break off in the middle; the SDK tries requests again, not bodies. */
const BODY_ATTEMPTS = 4;

/**
 * A store in an S3 bucket. One request for each operation, `PutObject` only: a pack fits one, is there whole or not at
 * all, and repeating it is harmless. Rejects with LS-REPO-006, -020 to -024, -035 and -036.
 */
export function openS3Store(settings: S3Settings): Store {
  const bucket = openBucket(settings);
  const { objectLock } = settings;
  return {
    label: bucket.label,
    put: (object, data, { lockUntil } = {}) =>
      telling(bucket, `write ${object}`, () => putObject(bucket, object, { data, lockUntil })),
    get: async (object, range, into) => {
      const input = {
        ...placeOf(bucket, object),
        ...(range === undefined ? {} : { Range: rangeText(range) }),
      };
      const bytes = await telling(bucket, `read ${object}`, () =>
        unlessUnmade(bucket, () => readWhole(bucket.client, input, into)),
      );
      return range === undefined ? bytes : bytes?.subarray(0, range.length);
    },
    head: async (object) => {
      const place = placeOf(bucket, object);
      return telling(bucket, `look at ${object}`, () => unlessUnmade(bucket, () => lookAt(bucket, place)));
    },
    list: (wanted) => listObjects(bucket, wanted),
    time: () => telling(bucket, 'tell the time', () => timeOf(bucket)),
    delete: (object) => telling(bucket, `delete ${object}`, () => deleteObject(bucket, object)),
    ...(objectLock === undefined
      ? {}
      : {
          extendLock: (object, until) =>
            telling(bucket, `lock ${object}`, () =>
              extendLockOf(bucket.client, placeOf(bucket, object), { mode: objectLock.mode, until }),
            ),
        }),
  };
}

/** In a bucket with versions, what is locked only goes out of sight, and succeeds. */
async function deleteObject({ client, label, ...bucket }: Bucket, object: string): Promise<void> {
  const place = placeOf(bucket, object);
  try {
    await client.send(new DeleteObjectCommand(place));
  } catch (error) {
    const until = isRefusal(error) ? await lockedUntil(client, place) : undefined;
    if (until === undefined) throw error;
    throw repositoryErrors.error('LS-REPO-036', {
      what: `${label} holds ${object}`,
      why: `it is locked until ${until.toISOString()}`,
      fix: 'wait until then',
      cause: error,
    });
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
    if (!isMissing(error)) {
      // HEAD has no body to say why: a list is refused for the same reason, and says so.
      if (statusOf(error) === 400) await assertKnown({ ...bucket, isKnown: false });
      throw error;
    }
  }
  await assertKnown(bucket);
  return undefined;
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
    const page = await telling(bucket, `list ${wanted}`, () =>
      unlessUnmade(bucket, () => askForPage(client, command)),
    );
    if (page === undefined) return;
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
  await askForPage(client, command);
  const time = new Date(date ?? '');
  if (Number.isNaN(time.getTime())) throw new Error('the server does not say what time it is');
  return time;
}

/** Undefined when there is no such object. */
async function readWhole(
  client: S3Client,
  input: GetObjectCommandInput,
  into: Uint8Array | undefined,
): Promise<Uint8Array | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await client.send(new GetObjectCommand(input)).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      if (isPastTheEnd(error)) return 'past the end';
      throw error;
    });
    if (answer === undefined) return undefined;
    if (answer === 'past the end') return new Uint8Array();
    try {
      const { Body: body, ContentLength: length } = answer;
      const bytes =
        into && length !== undefined && length <= into.length
          ? await copyInto(into, body as AsyncIterable<Uint8Array> | undefined)
          : ((await body?.transformToByteArray()) ?? new Uint8Array());
      if (length === undefined || bytes.length === length) return bytes;
      throw new Error(`the answer broke off after ${bytes.length} of ${length} bytes`);
    } catch (error) {
      if (attempt === BODY_ATTEMPTS) throw error;
    }
  }
}

/** No more than fits, whatever comes. */
async function copyInto(into: Uint8Array, body: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array> {
  let filled = 0;
  for await (const chunk of body ?? []) {
    into.set(chunk.subarray(0, into.length - filled), filled);
    filled += Math.min(chunk.length, into.length - filled);
  }
  return into.subarray(0, filled);
}

/** HTTP knows no empty range: one byte is asked for and left out. */
function rangeText({ offset, length }: { readonly offset: number; readonly length: number }): string {
  return `bytes=${offset}-${offset + Math.max(1, length) - 1}`;
}
