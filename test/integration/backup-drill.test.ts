import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPrometheusApi } from '../../src/components/prometheus/api.ts';
import { prometheusSource } from '../../src/components/prometheus/source.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { exists } from '../../src/platform/files.ts';
import { freePort } from '../fixtures/free-port.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Comparison } from '../../src/stack/source.ts';
import { openWorld, temporaryDirectory } from './backup-world.ts';
import { type LivePrometheus, scraped, seedHistory, startPrometheus } from './live-prometheus.ts';
import { generations, requirePrograms } from './programs.ts';

const TIMEOUT_MS = 90_000;

it.skipIf(generations.length > 0)('has no programs to test with on this machine', () => undefined);

describe.each(generations)('backup and drill of prometheus, %s', { timeout: TIMEOUT_MS }, (generation) => {
  let program: Program;
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let live: LivePrometheus;
  let world: Awaited<ReturnType<typeof openWorld>>;

  beforeAll(async () => {
    const programs = await requirePrograms(generation);
    program = need(programs.get('prometheus'));
    directory = await temporaryDirectory();
    await seedHistory(need(programs.get('promtool')), directory.path);
    live = await startPrometheus(program, directory.path, { scrape: true });
    world = await openWorld(directory.path);
    await scraped(live, 2);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await live?.stop();
    world?.history.close();
    await directory?.remove();
  });

  it('backs up, and a drill proves it', async () => {
    const backup = await world.backup(live);
    expect(backup).toMatchObject({ exit: 0, sources: [{ ok: true, warnings: [], knownLoss: [] }] });
    expect(await readdir(join(live.dataDir, 'snapshots'))).toEqual([]);
    const record = need((await world.store.snapshots('prometheus'))[0]);
    expect((record.expectations ?? []).map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      'block-inventory blocks',
      'sample-counts newest',
      'sample-counts day',
      'sample-counts oldest',
      'sample-hashes newest',
      'sample-hashes day',
      'sample-hashes oldest',
    ]);

    const drill = await world.drill(program);
    const [source] = drill.sources;
    expect(source?.comparisons.filter(({ verdict }) => verdict !== 'match')).toEqual([]);
    expect(source?.errors).toEqual([]);
    expect(drill).toMatchObject({ exit: 0, verdict: 'proven' });
    expect(source?.control).toMatchObject({ rejected: true });
    expect(foundIn(source?.comparisons ?? [], 'sample-counts', 'day')).toMatch(/^180 samples of 1 metrics$/);
    expect(foundIn(source?.comparisons ?? [], 'sample-counts', 'oldest')).toMatch(/samples of 1 metrics$/);
    expect(await readdir(world.scratch)).not.toContainEqual(expect.stringMatching(/^drill-/));
    expect(world.history.proofs.latest('drill', 'prometheus')).toMatchObject({ verdict: 'proven' });
    expect(world.history.proofs.latest('backup', 'prometheus')).toMatchObject({ verdict: 'proven' });
  });

  it('stores only what is new, and the second snapshot restores as well', async () => {
    const { sources } = await world.backup(live);
    expect(sources[0]).toMatchObject({ ok: true });
    const drill = await world.drill(program);
    expect(drill.sources[0]?.comparisons.filter(({ verdict }) => verdict !== 'match')).toEqual([]);
    expect(drill.verdict).toBe('proven');
  });

  it('refuses a pack with a flipped byte and names it', async () => {
    const { sources } = await world.backup(live);
    const record = need((await world.store.snapshots('prometheus'))[0]);
    const pack = need(record.packs.at(-1));
    const path = join(world.repository, 'packs', 'prometheus', pack.id.slice(0, 2), pack.id);
    const whole = await readFile(path);
    await rm(path);
    await writeFile(path, flipped(whole, 40));
    try {
      const drill = await world.drill(program);
      expect(drill).toMatchObject({ exit: 1, verdict: 'refuted' });
      expect(drill.sources[0]?.errors[0]?.message).toContain(pack.id.slice(0, 8));
      expect(world.history.proofs.latest('drill', 'prometheus')?.verdict).toBe('refuted');
    } finally {
      await rm(path);
      await writeFile(path, whole);
    }
    expect(sources[0]?.ok).toBe(true);
  });

  it('finds a missing block and wrong contents', async () => {
    await world.backup(live);
    const record = need((await world.store.snapshots('prometheus'))[0]);
    const source = prometheusSource();
    const scratch = join(directory.path, 'by-hand');
    const place = world.runtime.twinPlace(scratch);
    await world.store.restore({
      snapshot: record.id,
      target: place.data,
      mapPath: (path) => source.restorePath(path),
    });
    const [oldest] = await readdir(place.data);
    await rm(join(place.data, need(oldest)), { recursive: true });
    const plan = source.twinPlan({ program, place, port: await freePort() });
    const twin = await world.runtime.startTwin({ plan, directory: scratch });
    const { expectations = [], cutoff } = record;
    const context = { url: twin.url, dataDir: place.data, expectations, cutoff, clock: systemClock };
    const found = await source.compare(context);
    await twin.stop();
    const kinds = new Set(found.filter(({ verdict }) => verdict === 'mismatch').map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(['block-inventory', 'sample-counts', 'sample-hashes']));
    expect(found.filter(({ verdict }) => verdict === 'unknown')).toEqual([]);

    const unreachable = await source.compare(context);
    expect(new Set(unreachable.map(({ verdict }) => verdict))).toEqual(new Set(['unknown']));
  });

  it('goes on after a backup that was killed, and removes its snapshot', async () => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../fixtures/backup.ts'), directory.path, live.url, live.dataDir],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    for await (const line of createInterface(child.stdout)) if (line.startsWith('counting')) break;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(await readdir(join(live.dataDir, 'snapshots'))).toHaveLength(1);
    expect(await world.backup(live)).toMatchObject({ exit: 0 });
    expect(await readdir(join(live.dataDir, 'snapshots'))).toEqual([]);
  });

  it('sweeps what a killed drill left', async () => {
    const leftover = join(world.scratch, 'drill-killed');
    await mkdir(leftover, { recursive: true });
    expect(await world.drill(program)).toMatchObject({ exit: 0 });
    expect(await exists(leftover)).toBe(false);
  });

  it('leaves the snapshots of others alone', async () => {
    const name = await createPrometheusApi(live.url).snapshot();
    expect(await world.backup(live)).toMatchObject({ exit: 0 });
    expect(await readdir(join(live.dataDir, 'snapshots'))).toEqual([name]);
    await rm(join(live.dataDir, 'snapshots', name), { recursive: true });
  });
});

describe.each(generations)(
  'a prometheus that cannot be backed up, %s',
  { timeout: TIMEOUT_MS },
  (generation) => {
    it.each([
      ['is empty', { scrape: false }, 'LS-PROMETHEUS-007'],
      ['has no admin API', { scrape: false, adminApi: false }, 'LS-PROMETHEUS-003'],
    ])('is refused when it %s', async (_text, options, code) => {
      const program = need((await requirePrograms(generation)).get('prometheus'));
      const directory = await temporaryDirectory();
      const live = await startPrometheus(program, directory.path, options);
      try {
        const world = await openWorld(directory.path);
        const report = await world.backup(live);
        expect(report).toMatchObject({ exit: 6, sources: [{ ok: false, error: { code } }] });
        expect(report.backupId).toBeUndefined();
        expect(await world.store.snapshots()).toEqual([]);
        expect(world.history.proofs.latest('backup', 'prometheus')).toMatchObject({ verdict: 'refuted' });
        const snapshots = join(live.dataDir, 'snapshots');
        if (await exists(snapshots)) expect(await readdir(snapshots)).toEqual([]);
        world.history.close();
      } finally {
        await live.stop();
        await directory.remove();
      }
    });

    it('is refused when the data directory is another one', async () => {
      const program = need((await requirePrograms(generation)).get('prometheus'));
      const directory = await temporaryDirectory();
      const live = await startPrometheus(program, directory.path, { scrape: true });
      try {
        const world = await openWorld(directory.path);
        const dataDir = join(directory.path, 'elsewhere');
        await mkdir(dataDir);
        const report = await world.backup({ url: live.url, dataDir });
        expect(report.sources[0]).toMatchObject({ ok: false, error: { code: 'LS-PROMETHEUS-009' } });
        world.history.close();
      } finally {
        await live.stop();
        await directory.remove();
      }
    });
  },
);

describe.each(generations)('what a backup cannot hold, %s', { timeout: TIMEOUT_MS }, (generation) => {
  it('leaves out of the comparison what still arrives, and says so', async () => {
    const program = need((await requirePrograms(generation)).get('prometheus'));
    const directory = await temporaryDirectory();
    // Twenty seconds behind, as cadvisor and federation are.
    const exporter = createServer((_request, response) =>
      response
        .setHeader('content-type', 'text/plain; version=0.0.4')
        .end(`lagging{x="y"} 1 ${Date.now() - 20_000}\n`),
    );
    await once(exporter.listen(0, '127.0.0.1'), 'listening');
    const { port } = exporter.address() as AddressInfo;
    const options = { scrape: true, target: `127.0.0.1:${port}`, outOfOrderWindow: '10m' };
    const live = await startPrometheus(program, directory.path, options);
    try {
      const world = await openWorld(directory.path);
      await scraped(live, 2);
      const [source] = (await world.backup(live)).sources;
      const loss = source?.ok ? source.knownLoss : [];
      expect(loss[0]).toMatch(/out-of-order samples .* \(out_of_order_time_window is 10m/);
      expect(loss[1]).toMatch(/still arrived during the backup .* lagging/);
      const drill = await world.drill(program);
      expect(drill.sources[0]?.comparisons.filter(({ verdict }) => verdict !== 'match')).toEqual([]);
      expect(drill.exit).toBe(0);
      world.history.close();
    } finally {
      await live.stop();
      exporter.close();
      await directory.remove();
    }
  });
});

function need<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('missing');
  return value;
}

function flipped(bytes: Buffer, offset: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[offset] = (copy[offset] ?? 0) ^ 0xff;
  return copy;
}

function foundIn(comparisons: readonly Comparison[], kind: string, subject: string): string | undefined {
  return comparisons.find((one) => one.kind === kind && one.subject === subject)?.found;
}
