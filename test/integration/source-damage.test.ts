import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { LeitstandError } from '../../src/platform/errors.ts';
import { findFreePort } from '../../src/platform/ports.ts';
import type { SnapshotRecord } from '../../src/repository/records.ts';
import { openWorld, temporaryDirectory } from './backup-world.ts';
import { type Live, sourceCases } from './source-cases.ts';

const TIMEOUT_MS = 120_000;
const cases = await sourceCases();

/**
 * Damage beside the one of the drill's own control, a byte at a time. Not every byte of a file changes an answer (names
 * of types, help texts, a bloom filter); the hashes of the repository are for those.
 */
const SAMPLES = 12;

/**
 * In compressed lines a few bytes may say from where in what came before a repetition is taken; where lines are alike, another
 * place gives the same (seen with 8 bytes, once in hundreds of places). A stretch of them does not.
 */
const COMPRESSED_DAMAGE_BYTES = 64;

/** Where the contents of a file are for certain: the words that were written, or compressed lines. */
function contentsOf(path: string, bytes: Buffer): number[] {
  if (path.endsWith('message_values.bin'))
    return [0.25, 0.5, 0.75].map((part) => Math.floor(bytes.length * part));
  const words = path.endsWith('silences') ? ['DiskFull', 'db-1'] : path.endsWith('.data') ? ['backup'] : [];
  return words.map((word) => bytes.indexOf(word)).filter((at) => at !== -1);
}

it.skipIf(cases.length > 0)('has no programs to test with on this machine', () => undefined);

describe.each(cases)('damaged data of $name', { timeout: TIMEOUT_MS }, (one) => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let live: Live;
  let world: Awaited<ReturnType<typeof openWorld>>;
  let record: SnapshotRecord;
  let whole: string;

  beforeAll(async () => {
    directory = await temporaryDirectory();
    live = await one.start(directory.path);
    world = await openWorld(directory.path, one.source);
    await one.fill(live);
    await world.backup(live);
    const [newest] = await world.store.snapshots(one.source.component);
    if (!newest) throw new Error('there is no snapshot');
    record = newest;
    whole = join(directory.path, 'whole');
    await world.store.restore({
      snapshot: record.id,
      target: whole,
      mapPath: (path) => one.source.restorePath(path),
    });
  }, TIMEOUT_MS);

  afterAll(async () => {
    world.history.close();
    await live.stop('SIGKILL');
    await directory.remove();
  });

  it('is noticed in the contents', async () => {
    const missed: string[] = [];
    let asked = 0;
    for (const { path } of await filesIn(whole)) {
      for (const at of contentsOf(path, await readFile(join(whole, path)))) {
        asked += 1;
        if (!(await isNoticed(path, at))) missed.push(`${path} at ${at}`);
      }
    }
    expect(missed).toEqual([]);
    expect(asked).toBeGreaterThan(0);
  });

  it('crashes no comparison, wherever it is', async () => {
    const files = await filesIn(whole);
    const targets = files.filter(({ size, path }) => size > 0 && !path.endsWith('.json'));
    const total = targets.reduce((sum, { size }) => sum + size, 0);
    for (let i = 0; i < SAMPLES; i += 1) {
      let at = Math.floor(((i + 0.5) / SAMPLES) * total);
      const target = targets.find(({ size }) => {
        if (at < size) return true;
        at -= size;
        return false;
      });
      // Fails by itself when an answer is neither a match, nor a mismatch, nor the end of the program.
      if (target) expect(typeof (await isNoticed(target.path, at))).toBe('boolean');
    }
  });

  it('is noticed when a file is missing', async () => {
    const noticed: boolean[] = [];
    for (const { path } of (await filesIn(whole)).filter(({ path: name }) =>
      /silences$|\.data$|message_values\.bin$/.test(name),
    ))
      noticed.push(await isNoticed(path, undefined));
    expect(noticed).not.toContain(false);
    expect(noticed.length).toBeGreaterThan(0);
  });

  /** `at` undefined: the file is removed. */
  async function isNoticed(path: string, at: number | undefined): Promise<boolean> {
    const scratch = join(directory.path, 'damaged');
    const place = world.runtime.twinPlace(scratch);
    await mkdir(scratch);
    try {
      await cp(whole, place.data, { recursive: true, preserveTimestamps: true });
      const file = join(place.data, path);
      const bytes = await readFile(file);
      await rm(file);
      if (at !== undefined) {
        const length = path.endsWith('message_values.bin') ? COMPRESSED_DAMAGE_BYTES : 1;
        for (let i = at; i < at + length && i < bytes.length; i += 1) bytes[i] = (bytes[i] ?? 0) ^ 0x41;
        await writeFile(file, bytes);
      }
      const port = await findFreePort(0);
      const plan = one.source.twinPlan({ program: one.program, place, port });
      const twin = await world.runtime.startTwin({ plan, directory: scratch });
      try {
        const comparisons = await one.source.compare({
          url: twin.url,
          dataDir: place.data,
          expectations: record.expectations ?? [],
          cutoff: record.cutoff,
          clock: systemClock,
        });
        if (comparisons.some(({ verdict }) => verdict === 'mismatch')) return true;
        if (comparisons.every(({ verdict }) => verdict === 'match')) return false;
        await systemClock.sleep(300);
        expect({ end: await twin.ended(), comparisons }).toMatchObject({ end: expect.any(String) });
        return true;
      } finally {
        await twin.stop();
      }
    } catch (error) {
      if (!(error instanceof LeitstandError) || error.code !== 'LS-RUNTIME-002') throw error;
      return true;
    } finally {
      await rm(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  }
});

async function filesIn(root: string) {
  const entries = (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  );
  return Promise.all(
    entries.map(async (entry) => {
      const file = join(entry.parentPath, entry.name);
      return { path: relative(root, file), size: (await readFile(file)).length };
    }),
  );
}
