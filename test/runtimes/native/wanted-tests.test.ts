import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { testMetrics } from '../../../src/daemon/metrics/test-metrics.ts';
import { formatMetrics, parseMetrics } from '../../../src/platform/metrics-text.ts';
import { readWantedTests, writeWantedTests } from '../../../src/runtimes/native/wanted-tests.ts';
import { handClock } from '../../fixtures/hand-clock.ts';

const directory = mkdtempSync(join(tmpdir(), 'wanted-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const path = join(directory, 'wanted-tests.json');
const labels = { leitstand_test: 'abc', severity: 'a "b" \\ \n c' };
const at = (text: string) => new Date(text);

describe('what a test wants a rule to raise', () => {
  it('is shown as a metric until it is taken back', async () => {
    const clock = handClock('2026-01-02T03:04:05Z');
    const shown = async () => parseMetrics(formatMetrics(await testMetrics({ wantedTests: path, clock })));
    expect(await shown()).toEqual([]);
    await writeWantedTests(path, { until: '2026-01-02T03:05:00.000Z', alerts: [labels] });
    expect(await shown()).toEqual([{ name: 'leitstand_alert_test', labels, value: 1 }]);
    await writeWantedTests(path, { until: '2026-01-02T03:05:00.000Z', alerts: [] });
    expect(existsSync(path)).toBe(false);
    expect(await shown()).toEqual([]);
  });

  it('ends by itself when the test died', async () => {
    await writeWantedTests(path, { until: '2026-01-02T03:05:00.000Z', alerts: [labels] });
    expect(await readWantedTests(path, at('2026-01-02T03:04:59Z'))).toEqual([labels]);
    expect(await readWantedTests(path, at('2026-01-02T03:05:00Z'))).toEqual([]);
  });

  it.each(['', '{', '[]', '{"until":"x","alerts":[]}', '{"until":"2999-01-01T00:00:00.000Z","alerts":[1]}'])(
    'is nothing when it cannot be read: %s',
    async (text) => {
      writeFileSync(path, text);
      expect(await readWantedTests(path, at('2026-01-02T03:04:05Z'))).toEqual([]);
    },
  );
});
