// The way to S3: requests, time against rclone, and what a slow network costs.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startS3, versitygwServer } from '../../test/integration/live-s3.ts';
import { findProgram } from '../../test/integration/programs.ts';
import { report } from '../measure.ts';
import { against, show, timeOf } from './against-restic.ts';
import { chunks } from './data.ts';
import { slowWay } from './latency.ts';
import { findPeer, rclone } from './peers.ts';
import type { Place } from './place.ts';
import { type Run, run } from './run.ts';
import { runs } from './settings.ts';
import { working } from './work.ts';

const LATENCY_MS = 50;
/** rclone takes half a minute each time. */
const RUNS = 3;
const PUT_BYTES = 30 * 1024 * 1024;

export async function measureS3(scratch: string): Promise<void> {
  const program = await findProgram('versitygw');
  if (!program)
    return void process.stdout.write('SKIPPED  S3: no versitygw on this machine (npm test gets it)\n');
  const source = join(scratch, 'source');
  mkdirSync(source, { recursive: true });
  chunks.make(source);
  const server = await startS3(versitygwServer(program.path), scratch);
  const bench = new S3Bench(scratch, source, server);
  try {
    process.stdout.write(`-- S3 (versitygw), ${chunks.files} files, ${(chunks.bytes / 1e6).toFixed(0)} MB\n`);
    await bench.measure();
  } finally {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Server = Awaited<ReturnType<typeof startS3>>;

class S3Bench {
  readonly #scratch: string;
  readonly #source: string;
  readonly #server: Server;
  readonly #port: number;

  constructor(scratch: string, source: string, server: Server) {
    this.#scratch = scratch;
    this.#source = source;
    this.#server = server;
    this.#port = Number(new URL(server.settings.endpoint ?? '').port);
  }

  async measure(): Promise<void> {
    const peer = await findPeer(rclone);
    const of = { direct: [] as Run[], slow: [] as Run[], rclone: [] as Run[] };
    let [spare, puts] = [0, ''];
    for (let round = 0; round < runs(RUNS); round += 1) {
      of.direct.push(await this.#backup(this.#port));
      const way = await slowWay(this.#port, LATENCY_MS);
      const slow = await this.#backup(way.port);
      await way.close();
      of.slow.push(slow);
      spare = Math.max(spare, way.puts - Math.ceil((slow.newBytes ?? 0) / PUT_BYTES));
      puts = `${way.puts} PUT requests, of which ${slow.lists} for lists`;
      if (peer !== undefined) of.rclone.push(await this.#copy(peer));
    }
    show('first backup to S3', of.direct);
    show(`the same with ${LATENCY_MS} ms of latency`, of.slow);
    show('rclone copy', of.rclone);
    process.stdout.write(`shown   ${puts}\n`);
    report([{ name: 'PUT requests beyond one for 30 MiB', measured: spare, goal: 5, unit: '' }]);
    against('S3, in runs of rclone', [of.direct, of.rclone], 0.2);
    const measured = timeOf(of.slow) / timeOf(of.direct);
    report([
      { name: `S3 with ${LATENCY_MS} ms of latency, in runs without`, measured, goal: 1.5, unit: 'x' },
    ]);
  }

  async #backup(port: number) {
    const { bucket } = await this.#server.newBucket();
    const directory = join(this.#scratch, 'host');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    const { accessKeyId, secretAccessKey } = this.#server.settings.credentials ?? {};
    const keys = join(directory, 's3.json');
    const text = JSON.stringify({ access: accessKeyId?.reveal(), secret: secretAccessKey?.reveal() });
    writeFileSync(keys, text, { mode: 0o600 });
    const place: Place = {
      directory,
      encrypted: true,
      s3: { endpoint: `http://127.0.0.1:${port}`, bucket, keys },
    };
    const done = await working(place, { what: 'backup', source: 'chunks', directory: this.#source });
    this.#empty(bucket);
    return done;
  }

  async #copy(peer: string): Promise<Run> {
    const { bucket, endpoint = '', credentials } = await this.#server.newBucket();
    const done = await run(
      peer,
      ['copy', this.#source, `bench:${bucket}`, '--config=/dev/null', '--log-level=ERROR'],
      {
        env: {
          RCLONE_CONFIG_BENCH_TYPE: 's3',
          RCLONE_CONFIG_BENCH_PROVIDER: 'Other',
          RCLONE_CONFIG_BENCH_ENDPOINT: endpoint,
          RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: credentials?.accessKeyId.reveal() ?? '',
          RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: credentials?.secretAccessKey.reveal() ?? '',
        },
      },
    );
    this.#empty(bucket);
    return done;
  }

  /** In memory, what was written by earlier rounds takes the room of later ones. */
  #empty(bucket: string): void {
    const directory = join(this.#server.directory, 's3', bucket);
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
  }
}
