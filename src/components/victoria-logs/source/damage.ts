import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, writeFileAtomic } from '../../../platform/files.ts';

/** Files of a part in the order in which they are taken; the first may be empty where all messages are the same. */
const DAMAGED_FILES = ['message_values.bin', 'timestamps.bin', 'index.bin'];

/**
 * One byte of the messages in the largest part of the newest day; VictoriaLogs has no checksum there. On an empty
 * server, a partition that it cannot open.
 */
export async function damageNewestPart(dataDir: string): Promise<string> {
  const target = await fileToDamage(join(dataDir, 'partitions'));
  if (!target) {
    const directory = join(dataDir, 'partitions', '20200101', 'datadb');
    await mkdir(directory, { recursive: true });
    await writeFileAtomic(join(directory, 'parts.json'), 'damaged on purpose');
    return 'a partition without readable parts.json added, since there is no log line';
  }
  const bytes = await readFile(target);
  const position = Math.floor(bytes.length / 2);
  bytes[position] = (bytes[position] ?? 0) ^ 0xff;
  await writeFileAtomic(target, bytes);
  return `one byte flipped at offset ${position} of ${target.slice(dataDir.length + 1)}`;
}

async function fileToDamage(partitions: string): Promise<string | undefined> {
  const days = (await exists(partitions)) ? (await readdir(partitions)).sort().reverse() : [];
  for (const day of days) {
    const part = await largestPart(join(partitions, day, 'datadb'));
    for (const name of part === undefined ? [] : DAMAGED_FILES) {
      const path = join(part ?? '', name);
      if ((await exists(path)) && (await stat(path)).size > 0) return path;
    }
  }
  return undefined;
}

async function largestPart(datadb: string): Promise<string | undefined> {
  let [largest, size]: [string | undefined, number] = [undefined, 0];
  for (const entry of await readdir(datadb, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(datadb, entry.name);
    const own = (await stat(join(path, 'message_values.bin')).catch(() => undefined))?.size ?? 0;
    if (largest === undefined || own > size) [largest, size] = [path, own];
  }
  return largest;
}
