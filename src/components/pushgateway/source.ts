import { join } from 'node:path';
import { readOriginal, writeFileAtomic } from '../../platform/files.ts';
import type { Plan } from '../../stack/plan.ts';
import type { ProgramSource, TwinInput } from '../../stack/source.ts';
import { capture, STATE_FILE } from './source/capture.ts';
import { compare } from './source/compare.ts';

/** What jobs pushed: the file the Pushgateway writes, and its API to hold it against. */
export function pushgatewaySource(): ProgramSource {
  return {
    component: 'pushgateway',
    capture,
    restorePath: (path) => path,
    twinPlan,
    compare,
    damage: damageFile,
    notProven: [
      'that restored values are still true: they are exposed as fresh samples until the next push or deletion',
      'help texts: the Pushgateway adjusts them to each other',
    ],
  };
}

/** It writes its file only after a push, and nobody pushes to a twin. */
function twinPlan({ program, place, port }: TwinInput): Plan {
  return {
    component: 'pushgateway',
    program,
    args: [
      `--persistence.file=${place.data}/${STATE_FILE}`,
      '--persistence.interval=1h',
      `--web.listen-address=${place.listen(port)}`,
    ],
    env: {},
    files: [],
    secrets: [],
    ports: [{ name: 'http', port }],
    ready: { port, path: '/-/ready' },
    validators: [],
  };
}

/** A cut file, as a full disk leaves it: the Pushgateway is ready on it, and empty. */
async function damageFile(dataDir: string): Promise<string> {
  const path = join(dataDir, STATE_FILE);
  const original = await readOriginal(path);
  if (!original) {
    await writeFileAtomic(path, 'damaged on purpose');
    return `words written to ${STATE_FILE}, since there was no push`;
  }
  const half = Math.floor(original.bytes.length / 2);
  await writeFileAtomic(path, original.bytes.subarray(0, half), { mode: original.mode & 0o777 });
  return `${STATE_FILE} cut to half, ${half} bytes`;
}
