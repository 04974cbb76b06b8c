// A repository, and the keys that belong to it, as the processes of the benchmark open it.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exists } from '../../src/platform/files.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import {
  initialiseRepository,
  isRepository,
  loadOrCreateHostKey,
  makeRecoveryKey,
  openPackKeys,
  openRepository,
  type Repository,
} from '../../src/repository/repository.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import { Secret } from '../../src/stack/secret.ts';
import type { Store } from '../../src/stack/store.ts';

export interface Place {
  /** Of keys and, unless it is in a bucket, the repository. */
  readonly directory: string;
  readonly encrypted: boolean;
  readonly s3?: BucketPlace;
}

export interface BucketPlace {
  readonly endpoint: string;
  readonly bucket: string;
  /** File with the two keys, in JSON. */
  readonly keys: string;
}

async function openStore({ directory, s3 }: Place): Promise<Store> {
  if (!s3) return openDirectoryStore(join(directory, 'repository'));
  const { openS3Store } = await import('../../src/repository/stores/s3/index.ts');
  const { access, secret } = JSON.parse(readFileSync(s3.keys, 'utf8')) as Record<'access' | 'secret', string>;
  return openS3Store({
    bucket: s3.bucket,
    prefix: '',
    endpoint: s3.endpoint,
    region: 'us-east-1',
    credentials: {
      accessKeyId: new Secret(access, 'secret BENCH_ACCESS_KEY'),
      secretAccessKey: new Secret(secret, 'secret BENCH_SECRET_KEY'),
    },
  });
}

/** Made when it is not there yet. */
export async function openPlace(place: Place): Promise<Repository> {
  const keys = join(place.directory, 'keys');
  const store = await openStore(place);
  const options = {
    clock: systemClock,
    random: (size: number) => randomBytes(size),
    signingKey: await loadOrCreateSigningKey(keys),
    ...(place.encrypted
      ? {
          encryption: {
            recipients: [await recipientIn(place.directory)],
            hostKey: await loadOrCreateHostKey(keys),
            packKeys: openPackKeys(keys),
          },
        }
      : {}),
  };
  return (await isRepository(store)) ? openRepository(store, options) : initialiseRepository(store, options);
}

async function recipientIn(directory: string): Promise<string> {
  const file = join(directory, 'recipient.txt');
  if (await exists(file)) return readFileSync(file, 'utf8');
  const { recipient } = await makeRecoveryKey();
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, recipient);
  return recipient;
}
