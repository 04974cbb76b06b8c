import { readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPrometheusApi } from '../../src/components/prometheus/api.ts';
import { captureTree, differences, observe } from '../repository/trees.ts';
import { memoryRepository, treeSnapshot } from '../repository/tree-round-trip.ts';
import { temporaryDirectory } from './backup-world.ts';
import { scraped, seedHistory, startPrometheus } from './live-prometheus.ts';
import { generations, requirePrograms } from './programs.ts';

it.skipIf(generations.length > 0)('has no programs to test with on this machine', () => undefined);

describe.each(generations)('the data directory of a real prometheus, %s', (generation) => {
  it('is restored as it was, and the program goes on with it', async () => {
    const programs = await requirePrograms(generation);
    const [prometheus, promtool] = [programs.get('prometheus'), programs.get('promtool')];
    if (!prometheus || !promtool) throw new Error('no program');
    const directory = await temporaryDirectory();
    try {
      await seedHistory(promtool, directory.path);
      const live = await startPrometheus(prometheus, directory.path, { scrape: true });
      try {
        await scraped(live, 2);
      } finally {
        await live.stop();
      }
      const before = observe(live.dataDir);
      // Blocks, the write-ahead log, mapped chunks: all that a program of this kind keeps.
      expect(readdirSync(live.dataDir)).toEqual(expect.arrayContaining(['chunks_head', 'wal']));
      const { repository } = await memoryRepository();
      const { record } = await repository.writeSnapshot(treeSnapshot(captureTree(live.dataDir)));
      const target = join(directory.path, 'restored');
      await repository.restore({ snapshot: record.id, target });
      expect(differences(before, observe(target))).toEqual([]);
      expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
      await rename(live.dataDir, join(directory.path, 'original'));
      await rename(target, live.dataDir);
      const again = await startPrometheus(prometheus, directory.path, { scrape: true });
      const api = createPrometheusApi(again.url);
      // Of the first run and of this one, which has another port.
      const runs = 'count(count_over_time(up{job="self"}[10m]))';
      try {
        await expect
          .poll(async () => (await api.queryVector(runs, Date.now()))[0]?.value, { timeout: 60_000 })
          .toBe('2');
      } finally {
        await again.stop();
      }
    } finally {
      await directory.remove();
    }
  });
});
