import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { testMetrics } from '../../../src/daemon/metrics/test-metrics.ts';
import { formatMetrics, parseMetrics } from '../../../src/platform/metrics-text.ts';
import { readWantedTests, writeWantedTests } from '../../../src/runtimes/native/wanted-tests.ts';
import { handClock } from '../../fixtures/hand-clock.ts';

const directory = mkdtempSync(join(tmpdir(), 'wanted-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const path = join(directory, 'wanted-tests');
const now = new Date('2026-01-02T03:04:05Z');
const write = (name: string, until: string, alerts: Record<string, string>[]) =>
  writeWantedTests(path, { name, tests: { until, alerts }, now });
const labels = { leitstand_test: 'abc', severity: 'a "b" \\ \n c' };
const at = (text: string) => new Date(text);

beforeEach(() => rmSync(path, { recursive: true, force: true }));

describe('what a test wants a rule to raise', () => {
  it('is shown as a metric until it is taken back', async () => {
    const clock = handClock('2026-01-02T03:04:05Z');
    const shown = async () => parseMetrics(formatMetrics(await testMetrics({ wantedTests: path, clock })));
    expect(await shown()).toEqual([]);
    await write('1', '2026-01-02T03:05:00.000Z', [labels]);
    expect(await shown()).toEqual([{ name: 'leitstand_alert_test', labels, value: 1 }]);
    await write('1', '2026-01-02T03:05:00.000Z', []);
    expect(existsSync(join(path, '1.json'))).toBe(false);
    expect(await shown()).toEqual([]);
  });

  it('ends by itself when the test died', async () => {
    await write('1', '2026-01-02T03:05:00.000Z', [labels]);
    expect(await readWantedTests(path, at('2026-01-02T03:04:59Z'))).toEqual([labels]);
    expect(await readWantedTests(path, at('2026-01-02T03:05:00Z'))).toEqual([]);
  });

  it('is of each test for itself, when two run at once', async () => {
    const other = { leitstand_test: 'def', severity: 'warning' };
    await write('1', '2026-01-02T03:05:00.000Z', [labels]);
    await write('2', '2026-01-02T03:06:00.000Z', [other]);
    expect(await readWantedTests(path, now)).toEqual([labels, other]);
    await write('1', '2026-01-02T03:05:00.000Z', []);
    expect(await readWantedTests(path, now)).toEqual([other]);
    await write('2', '2026-01-02T03:06:00.000Z', []);
    expect(await readWantedTests(path, now)).toEqual([]);
  });

  it('of a dead test is cleared away by the next one', async () => {
    await write('1', '2026-01-02T03:04:04.000Z', [labels]);
    await write('2', '2026-01-02T03:06:00.000Z', [labels]);
    expect(existsSync(join(path, '1.json'))).toBe(false);
  });

  it.each(['', '{', '[]', '{"until":"x","alerts":[]}', '{"until":"2999-01-01T00:00:00.000Z","alerts":[1]}'])(
    'is nothing when it cannot be read: %s',
    async (text) => {
      mkdirSync(path);
      writeFileSync(join(path, '1.json'), text);
      expect(await readWantedTests(path, at('2026-01-02T03:04:05Z'))).toEqual([]);
    },
  );
});
