import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDuration, parseSize } from '../../../platform/units.ts';
import type { Stack } from '../../../stack/stack.ts';

/** Less says nothing about a day. */
const LEAST_SPAN_MS = 6 * 3_600_000;

/**
 * Bytes that Prometheus' blocks will still grow by until its retention is reached, at the pace of what is there.
 * Undefined without blocks of six hours. Source of the format: prometheus/prometheus `tsdb/docs/format/README.md`.
 */
export async function expectedGrowth(
  directory: string,
  stack: Pick<Stack, 'components'>,
): Promise<number | undefined> {
  const wanted = stack.components.find(({ name }) => name === 'prometheus');
  if (!wanted || wanted.attached) return undefined;
  const { retention, retention_size: limit } = wanted.config as Readonly<Record<string, string | undefined>>;
  const retentionMs = parseDuration(retention ?? '');
  const blocks = await readBlocks(directory);
  const span = Math.max(...blocks.map(({ end }) => end)) - Math.min(...blocks.map(({ begin }) => begin));
  if (retentionMs === undefined || blocks.length === 0 || span < LEAST_SPAN_MS) return undefined;
  const bytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
  const whole = bytes * Math.max(1, retentionMs / span);
  const most = limit === undefined ? undefined : parseSize(limit);
  return Math.max(0, Math.min(whole, most ?? whole) - bytes);
}

interface Block {
  readonly begin: number;
  readonly end: number;
  readonly bytes: number;
}

async function readBlocks(directory: string): Promise<Block[]> {
  const names = await readdir(directory).catch(() => []);
  const all = await Promise.all(names.map((name) => readBlock(join(directory, name))));
  return all.flatMap((block) => block ?? []);
}

/** Undefined for what is no finished block; a live Prometheus removes some while we look. */
async function readBlock(directory: string): Promise<Block | undefined> {
  try {
    const { minTime, maxTime } = JSON.parse(await readFile(join(directory, 'meta.json'), 'utf8')) as {
      readonly minTime: number;
      readonly maxTime: number;
    };
    const chunks = await readdir(join(directory, 'chunks'));
    const files = ['index', ...chunks.map((name) => join('chunks', name))];
    const sizes = await Promise.all(files.map(async (name) => (await stat(join(directory, name))).size));
    return { begin: minTime, end: maxTime, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  } catch {
    return undefined;
  }
}
