import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { systemClock } from '../../src/platform/clock.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { findFreePort } from '../../src/platform/ports.ts';
import { s3Client } from '../../src/repository/stores/s3/client.ts';
import type { S3Settings } from '../../src/repository/stores/s3/settings.ts';
import { Secret } from '../../src/stack/secret.ts';

export interface LiveS3 {
  /** Of a new bucket each time; one that `locks` was made with object lock. */
  newBucket(options?: { readonly locks: boolean }): Promise<S3Settings>;
  readonly settings: S3Settings;
  /** As its arguments had it. */
  readonly directory: string;
  stop(): Promise<void>;
}

/** An S3 server that is a program of its own, with keys of this run. */
export interface S3Server {
  readonly path: string;
  args(port: number, directory: string, keys: Keys): Promise<readonly string[]>;
  env?(keys: Keys): Readonly<Record<string, string>>;
}

export interface Keys {
  readonly access: string;
  readonly secret: string;
}

/** `versions`: with a place for old versions of objects. */
export const versitygwServer = (path: string, { versions = false } = {}): S3Server => ({
  path,
  args: async (port, directory) => {
    await mkdir(join(directory, 's3'), { recursive: true });
    if (versions) await mkdir(join(directory, 'versions'), { recursive: true });
    return [
      `--port=127.0.0.1:${port}`,
      '--quiet',
      '--keep-alive',
      'posix',
      ...(versions ? [`--versioning-dir=${join(directory, 'versions')}`] : []),
      join(directory, 's3'),
    ];
  },
  env: ({ access, secret }) => ({ ROOT_ACCESS_KEY: access, ROOT_SECRET_KEY: secret }),
});

/** SeaweedFS: a server of another make. Several run at once: no port is left to its defaults. */
export const seaweedServer = (path: string): S3Server => ({
  path,
  args: async (port, directory, { access: accessKey, secret: secretKey }) => {
    await mkdir(join(directory, 'weed'), { recursive: true });
    const identities = join(directory, 'identities.json');
    const actions = ['Admin', 'Read', 'List', 'Write'];
    const identity = { name: 'test', credentials: [{ accessKey, secretKey }], actions };
    await writeFile(identities, JSON.stringify({ identities: [identity] }), { mode: 0o600 });
    const ports = ['master.port', 'volume.port', 'filer.port'];
    const grpc = ['master.port.grpc', 'volume.port.grpc', 'filer.port.grpc', 's3.port.grpc'];
    const others = [...ports, ...grpc].map(async (name) => `-${name}=${await findFreePort(0)}`);
    return [
      'server',
      `-dir=${join(directory, 'weed')}`,
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      '-master.telemetry=false',
      '-master.volumeSizeLimitMB=64',
      '-volume.max=400',
      ...(await Promise.all(others)),
      '-s3',
      `-s3.port=${port}`,
      `-s3.config=${identities}`,
      '-s3.port.iceberg=0',
      '-s3.port.lance=0',
    ];
  },
});

/** Of its last words, where it does not answer. */
const SAID_CHARACTERS = 2000;

/** While a server is getting ready, another test may take one of the ports that were free when it began. */
const TAKEN = 'address already in use';
const ATTEMPTS = 5;

/** Answers when this resolves. */
export async function startS3(server: S3Server, directory: string): Promise<LiveS3> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(server, join(directory, `attempt-${attempt}`));
    } catch (error) {
      if (attempt === ATTEMPTS || !String(error).includes(TAKEN)) throw error;
    }
  }
}

async function startOnce(server: S3Server, directory: string): Promise<LiveS3> {
  await mkdir(directory, { recursive: true });
  const keys = { access: `AK${randomBytes(8).toString('hex')}`, secret: randomBytes(20).toString('hex') };
  const port = await findFreePort(0);
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(server.path, await server.args(port, directory, keys), {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, ...server.env?.(keys) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (text: Buffer) => {
      said = `${said}${text.toString()}`.slice(-SAID_CHARACTERS);
    });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const settings: S3Settings = {
    bucket: 'none',
    prefix: '',
    endpoint,
    region: 'us-east-1',
    credentials: {
      accessKeyId: new Secret(keys.access, 'secret TEST_ACCESS_KEY'),
      secretAccessKey: new Secret(keys.secret, 'secret TEST_SECRET_KEY'),
    },
  };
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const client = s3Client(settings);
  const newBucket = async ({ locks } = { locks: false }) => {
    const bucket = `test-${randomBytes(6).toString('hex')}`;
    const options = locks ? { ObjectLockEnabledForBucket: true } : {};
    await client.send(new CreateBucketCommand({ Bucket: bucket, ...options }));
    return { ...settings, bucket };
  };
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await httpExchange(new URL(endpoint), { timeoutMs: 2_000 });
        await newBucket();
        return { settings, directory, newBucket, stop };
      } catch (error) {
        if (attempt > 600 || child.exitCode !== null)
          throw new Error(`${server.path} does not answer (exit ${child.exitCode}); it said:\n${said}`, {
            cause: error,
          });
        await systemClock.sleep(100);
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
}
