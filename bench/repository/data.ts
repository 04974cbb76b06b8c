// The data of the benchmark: the same for the same size, whenever and wherever it is made.
import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { scaled } from './settings.ts';

const SEED = 'leitstand bench repository 2';
const MIB = 1024 * 1024;
const DAY_S = 86_400;
const DAYS = 30;

export interface DataSet {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  make(directory: string): void;
}

/** Chunks as Loki has them: many, small, compressed by themselves (snappy), so that zstd still finds a fifth. */
export const chunks: DataSet = {
  name: 'chunks',
  files: scaled(100_000),
  bytes: scaled(100_000) * 9_250,
  make: makeChunks,
};

/** Blocks as Prometheus has them: few and large; of chunks zstd saves a tenth, of the index two thirds. */
export const blocks: DataSet = {
  name: 'blocks',
  files: 12,
  bytes: 6 * scaled(512) * MIB,
  make: makeBlocks,
};

/** What counts is how many there are. */
export function tinyFiles(files: number): DataSet {
  return { name: `tiny-${files}`, files, bytes: files * 40, make: (directory) => makeTiny(directory, files) };
}

/** The same bytes for the same name. */
function noise(name: string, size: number): Buffer {
  const key = createHash('sha256').update(`${SEED} ${name}`).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

const TEMPLATES = 300;
const TEMPLATE_BYTES = 4096;
/** Of so many bytes the last ones are the template's. */
const STRIDE = 112;
const SHARED = 24;

function makeChunks(directory: string): void {
  const templates = Array.from({ length: TEMPLATES }, (_, i) => noise(`template ${i}`, TEMPLATE_BYTES));
  const folders = templates.map((template) => join(directory, 'fake', template.toString('hex', 0, 8)));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  for (let i = 0; i < chunks.files; i += 1) {
    const stream = i % TEMPLATES;
    const [template = Buffer.alloc(0), folder = ''] = [templates[stream], folders[stream]];
    // From 2.25 to 16.25 KB, 9.25 KB in the middle.
    const content = noise(`chunk ${i}`, 2_250 + ((i * 7919) % 14_000));
    for (let at = STRIDE - SHARED; at + SHARED <= content.length; at += STRIDE) {
      const from = (at * 5) % (TEMPLATE_BYTES - SHARED);
      template.copy(content, at, from, from + SHARED);
    }
    const name = `${(0x19a00000000 + i * 60_000).toString(16)}:${(0x19a00000000 + (i + 60) * 60_000).toString(16)}`;
    write(join(folder, `${name}:${content.toString('hex', 0, 4)}`), [content], (i * DAYS) / chunks.files);
  }
}

function makeBlocks(directory: string): void {
  const size = blocks.bytes / 6 / MIB;
  for (let block = 0; block < 6; block += 1) {
    const folder = join(directory, `01BENCHMARK${String(block).padStart(15, '0')}`);
    mkdirSync(join(folder, 'chunks'), { recursive: true });
    const indexMib = Math.round(size / 16);
    write(join(folder, 'chunks', '000001'), parts(`${block} chunks`, size - indexMib, 0.9), block);
    write(join(folder, 'index'), parts(`${block} index`, indexMib, 0.3), block);
  }
}

/** Parts of 1 MiB, of each 256 bytes that share is noise. */
function* parts(name: string, count: number, share: number): Generator<Buffer> {
  for (let i = 0; i < count; i += 1) {
    const part = noise(`${name} ${i}`, MIB);
    const from = Math.round(256 * share);
    for (let at = 0; at < MIB; at += 256) part.fill('__name__ job instance ', at + from, at + 256);
    yield part;
  }
}

function makeTiny(directory: string, files: number): void {
  const folders = Math.min(1_000, files);
  for (let i = 0; i < folders; i += 1) mkdirSync(join(directory, String(i)), { recursive: true });
  for (let i = 0; i < files; i += 1) {
    const content = Buffer.from(`file ${i} of the benchmark`.padEnd(40, '.'));
    write(join(directory, String(i % folders), String(i)), [content], (i * DAYS) / files);
  }
}

/** Last changed so many days before the newest. */
function write(file: string, content: Iterable<Buffer>, age: number): void {
  const descriptor = openSync(file, 'wx', 0o640);
  for (const part of content) writeSync(descriptor, part);
  const time = Math.floor(Date.now() / 1000 / DAY_S) * DAY_S - Math.floor(age * DAY_S) - 7_200;
  futimesSync(descriptor, time, time);
  closeSync(descriptor);
}
