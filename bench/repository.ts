// The repository against its peers, in turns in the same run: restic, rclone, openssl, and tar as the mission had it.
// Parts by name: `small`, `large`, `s3`, `memory`, `collection`; all unless given. LEITSTAND_BENCH_RUNS,
// LEITSTAND_BENCH_SCALE and LEITSTAND_BENCH_DIR: bench/repository/settings.ts.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { measureSet } from './repository/against-restic.ts';
import { measureCollection } from './repository/collection.ts';
import { blocks, chunks } from './repository/data.ts';
import { measureMemory } from './repository/memory.ts';
import { measureS3 } from './repository/s3.ts';
import { scratchDirectory } from './repository/settings.ts';

const PARTS: Readonly<Record<string, (scratch: string) => Promise<void>>> = {
  small: (scratch) =>
    measureSet(scratch, chunks, { first: 0.5, firstAgainstTar: 0.15, unchanged: 0.3, restore: 0.5, runs: 5 }),
  large: (scratch) =>
    measureSet(scratch, blocks, { first: 0.75, firstPlain: 0.5, unchanged: 0.3, restore: 0.95, runs: 3 }),
  s3: measureS3,
  memory: measureMemory,
  collection: measureCollection,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in PARTS));
if (unknown !== undefined) throw new Error(`no part is called ${unknown}: ${Object.keys(PARTS).join(', ')}`);
const directory = scratchDirectory();
try {
  for (const [name, measure] of Object.entries(PARTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const start = performance.now();
    mkdirSync(join(directory, name));
    await measure(join(directory, name));
    process.stdout.write(`-- ${name} took ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
