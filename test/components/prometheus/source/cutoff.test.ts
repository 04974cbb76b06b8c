import { describe, expect, it } from 'vitest';
import { timing } from '../../../../src/components/prometheus/source/cutoff.ts';

describe('timing', () => {
  it('is the longest scrape timeout, with a margin for the commit', () => {
    const config = 'scrape_configs: [{scrape_timeout: 5s}, {scrape_timeout: 1m}, {job_name: x}]';
    expect(timing(config, [])).toEqual({ lateness: 62_000, outOfOrderWindow: 0, scrapes: true });
  });

  it('counts a rule group by its interval, or by how long it takes', () => {
    const config = 'scrape_configs: [{scrape_timeout: 5s}]';
    expect(timing(config, [{ interval: 15 }]).lateness).toBe(17_000);
    expect(timing(config, [{ interval: 15, evaluationTime: 20.5 }]).lateness).toBe(22_500);
  });

  it('assumes ten seconds when nothing tells', () => {
    for (const config of ['', '{}', 'scrape_configs: []', 'scrape_configs: nonsense'])
      expect(timing(config, []).lateness).toBe(12_000);
  });

  it('finds the out-of-order window', () => {
    const config = 'storage: {tsdb: {out_of_order_time_window: 30m}}';
    expect(timing(config, []).outOfOrderWindow).toBe(1_800_000);
  });
});
