import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { findFreePort } from '../../src/platform/ports.ts';
import type { Comparison, Expectation } from '../../src/stack/source.ts';
import { openWorld, temporaryDirectory } from './backup-world.ts';
import { type Live, type SourceCase, sourceCases } from './source-cases.ts';

const TIMEOUT_MS = 60_000;
const cases = await sourceCases();

it.skipIf(cases.length > 0)('has no programs to test with on this machine', () => undefined);

/** What every source of a program has to keep; Prometheus, whose capture has more to it, has its own file. */
describe.each(cases)('the source of $name', { timeout: TIMEOUT_MS }, (one) => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let live: Live;
  let world: Awaited<ReturnType<typeof openWorld>>;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    live = await one.start(directory.path);
    world = await openWorld(directory.path, one.source);
  }, TIMEOUT_MS);

  afterEach(async () => {
    world.history.close();
    await live.stop('SIGKILL');
    await directory.remove();
  });

  it('is proven by a drill, and leaves nothing behind', async () => {
    await one.fill(live);
    expect(await world.backup(live)).toMatchObject({ exit: 0, sources: [{ ok: true, warnings: [] }] });
    expect(await one.pinned(live)).toEqual([]);
    expect(await readdir(directory.path)).not.toContain('copies');
    const drill = await world.drill(one.program);
    expect(problemsOf(drill.sources[0]?.comparisons)).toEqual([]);
    expect(drill.sources[0]?.errors).toEqual([]);
    expect(drill).toMatchObject({ exit: 0, verdict: 'proven' });
    expect(drill.sources[0]?.control).toMatchObject({ rejected: true });
    expect(world.history.proofs.latest('drill', one.source.component)?.verdict).toBe('proven');
  });

  it('is proven when there is nothing in it', async () => {
    expect(await world.backup(live)).toMatchObject({ exit: 0, sources: [{ ok: true }] });
    const drill = await world.drill(one.program);
    expect(problemsOf(drill.sources[0]?.comparisons)).toEqual([]);
    expect(drill).toMatchObject({ exit: 0, verdict: 'proven' });
    expect(drill.sources[0]?.control).toMatchObject({ rejected: true });
  });

  it('agrees while others write', async () => {
    await one.fill(live);
    let going = true;
    let writes = 0;
    const writer = (async () => {
      for (; going; writes += 1) {
        await one.write(live, writes);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    while (writes < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    // A state file that is written every second has to catch up once.
    const ending = setTimeout(() => (going = false), 2_000);
    const backup = await world.backup(live);
    clearTimeout(ending);
    going = false;
    await writer;
    expect(backup).toMatchObject({ exit: 0 });
    const drill = await world.drill(one.program);
    expect(problemsOf(drill.sources[0]?.comparisons)).toEqual([]);
    expect(drill.verdict).toBe('proven');
  });

  it('is refuted when the snapshot has other facts, and unknown when it has none or cannot be asked', async () => {
    await one.fill(live);
    await world.backup(live);
    const [record] = await world.store.snapshots(one.source.component);
    if (!record) throw new Error('there is no snapshot');
    const scratch = join(directory.path, 'by-hand');
    const place = world.runtime.twinPlace(scratch);
    await world.store.restore({
      snapshot: record.id,
      target: place.data,
      mapPath: (path) => one.source.restorePath(path),
    });
    const port = await findFreePort(0);
    const plan = one.source.twinPlan({ program: one.program, place, port });
    const twin = await world.runtime.startTwin({ plan, directory: scratch });
    const compare = (expectations: readonly Expectation[]) =>
      one.source.compare({
        url: twin.url,
        dataDir: place.data,
        expectations,
        cutoff: record.cutoff,
        clock: systemClock,
      });
    expect(verdicts(await compare([]))).toEqual(['unknown']);
    const foreign = { kind: 'from-the-future', subject: 'x', value: 1 };
    expect((await compare([...(record.expectations ?? []), foreign])).at(-1)).toMatchObject({
      verdict: 'unknown',
    });
    expect(problemsOf(await compare(record.expectations ?? []))).toEqual([]);
    expect(await twin.ended()).toBeUndefined();
    await twin.stop();
    // Read from files, asked of nobody: only what the files say may still match.
    const found = await compare(record.expectations ?? []);
    expect(found.filter(({ verdict }) => verdict === 'mismatch')).toEqual([]);
    expect(verdicts(found)).toContain('unknown');
  });

  it('goes on after a backup that was killed, and removes what that one pinned', async () => {
    await one.fill(live);
    await killedBackup(directory.path, one, live);
    expect((await one.pinned(live)).length > 0).toBe(one.diesAt !== undefined);
    expect(await world.backup(live)).toMatchObject({ exit: 0 });
    expect(await one.pinned(live)).toEqual([]);
    expect(await world.drill(one.program)).toMatchObject({ exit: 0 });
  });

  it('stops when it is cancelled', async () => {
    await one.fill(live);
    const reason = new Error('enough');
    const { url, dataDir } = live;
    const capture = one.source.capture({
      url,
      dataDir,
      scratchDir: directory.path,
      clock: systemClock,
      signal: AbortSignal.abort(reason),
    });
    await expect(capture).rejects.toBe(reason);
    expect(await one.pinned(live)).toEqual([]);
  });
});

/** Where it has pinned something, else as soon as it says anything. */
async function killedBackup(directory: string, { source, diesAt }: SourceCase, live: Live): Promise<void> {
  const fixture = join(import.meta.dirname, '../fixtures/backup.ts');
  const args = [fixture, directory, live.url, live.dataDir, source.component, diesAt ?? ''];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}

function problemsOf(comparisons: readonly Comparison[] | undefined): Comparison[] {
  return (comparisons ?? []).filter(({ verdict }) => verdict !== 'match');
}

function verdicts(comparisons: readonly Comparison[]): string[] {
  return [...new Set(comparisons.map(({ verdict }) => verdict))];
}
