import type { ListObjectsV2Command, ListObjectsV2CommandOutput, S3Client } from '@aws-sdk/client-s3';
import { statusOf } from './failures.ts';

/** The SDK tries again what fails, not what it cannot make sense of. */
const ATTEMPTS = 4;

/**
 * One page of a list. Half of one, or the page of a web server that is no S3 server at all, must not pass for an empty
 * bucket: a prune goes by what is there. Throws the SDK's error, or one with an HTTP status of 200.
 */
export async function askForPage(
  client: S3Client,
  command: ListObjectsV2Command,
): Promise<ListObjectsV2CommandOutput> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const page = await client.send(command);
      const problem = problemOf(page);
      if (problem === undefined) return page;
      throw Object.assign(new Error(problem), { name: 'NoList', $metadata: page.$metadata });
    } catch (error) {
      const isSenseless = statusOf(error) >= 200 && statusOf(error) < 300;
      if (!isSenseless || attempt === ATTEMPTS) throw error;
    }
  }
}

function problemOf(page: ListObjectsV2CommandOutput): string | undefined {
  const { Contents: contents = [], CommonPrefixes: others = [], IsTruncated: goesOn, KeyCount: count } = page;
  if (goesOn === undefined) return 'the answer is no list of a bucket: is `endpoint` that of an S3 server?';
  if (goesOn && page.NextContinuationToken === undefined) return 'the list goes on, and does not say where';
  if (count !== undefined && count !== contents.length + others.length)
    return `the list is said to have ${count} objects, and has ${contents.length}`;
  return undefined;
}
