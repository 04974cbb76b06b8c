import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Place, Plan } from '../../stack/plan.ts';

/** Writes a plan's rendered files and secrets to its place, for a twin: nothing reads them while they are written. */
export async function writePlanFiles(plan: Plan, place: Place): Promise<void> {
  await mkdir(place.config, { recursive: true, mode: 0o700 });
  await mkdir(place.data, { recursive: true, mode: 0o700 });
  for (const file of plan.files) {
    await writeFresh(join(place.config, file.path), file.content, file.mode ?? 0o644);
  }
  for (const { name, value } of plan.secrets) {
    await writeFresh(place.secret(name), value.reveal(), 0o400);
  }
}

async function writeFresh(path: string, content: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rm(path, { force: true });
  await writeFile(path, content, { mode, flag: 'wx' });
  await chmod(path, mode);
}
