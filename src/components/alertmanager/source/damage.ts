import { join } from 'node:path';
import { writeFileAtomic } from '../../../platform/files.ts';
import { readState } from './read-state.ts';
import { LOG_FILE, SILENCES_FILE } from './state-files.ts';

/** What is about to expire would be missing for a good reason. */
const MARGIN_MS = 600_000;

/**
 * One bit in the id of a silence, or in the group of a notification, so that Alertmanager starts and only the
 * comparison can notice; without either, a state file that no Alertmanager accepts.
 */
export async function damageState(dataDir: string, now: Date): Promise<string> {
  const { silences, log } = await readState(dataDir);
  const after = now.getTime() + MARGIN_MS;
  const silence = silences?.content.find(({ endsAt, id }) => endsAt > after && id !== '');
  if (silences && silence) {
    const position = silences.original.bytes.indexOf(silence.id) + silence.id.length - 1;
    await flip(join(dataDir, SILENCES_FILE), silences.original.bytes, position);
    return `one bit flipped at offset ${position} of ${SILENCES_FILE}, in the id of the silence ${silence.id}`;
  }
  const entry = log?.content.find(({ expiresAt, groupKey }) => expiresAt > after && groupKey.length > 0);
  if (log && entry) {
    const position = log.original.bytes.indexOf(entry.groupKey) + Math.floor(entry.groupKey.length / 2);
    await flip(join(dataDir, LOG_FILE), log.original.bytes, position);
    return `one bit flipped at offset ${position} of ${LOG_FILE}, in the group of a notification`;
  }
  await writeFileAtomic(join(dataDir, SILENCES_FILE), 'damaged on purpose');
  return `${SILENCES_FILE} replaced by words, since it holds no silence and ${LOG_FILE} no notification that lasts`;
}

async function flip(path: string, bytes: Buffer, position: number): Promise<void> {
  const copy = Buffer.from(bytes);
  copy[position] = (copy[position] ?? 0) ^ 1;
  await writeFileAtomic(path, copy);
}
