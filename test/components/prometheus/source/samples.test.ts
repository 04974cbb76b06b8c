import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batchesBySamples,
  countQuery,
  hashSeries,
  metricsToHash,
} from '../../../../src/components/prometheus/source/samples.ts';

const series = (labels: Record<string, string>, ...values: [number, string][]) => ({
  labels,
  values,
  histograms: [],
});

describe('hashSeries', () => {
  const a = series({ __name__: 'm', i: 'a' }, [1.001, '1'], [2.001, 'NaN']);
  const b = series({ __name__: 'm', i: 'b' }, [1.001, '+Inf']);

  it('does not depend on the order of series and labels', () => {
    const turned = { ...a, labels: { i: 'a', __name__: 'm' } };
    expect(hashSeries([b, turned])).toBe(hashSeries([a, b]));
  });

  it.each([
    ['a value', series(a.labels, [1.001, '1'], [2.001, '0'])],
    ['a time by one millisecond', series(a.labels, [1.002, '1'], [2.001, 'NaN'])],
    ['a label', { ...a, labels: { ...a.labels, i: 'c' } }],
    ['a missing sample', series(a.labels, [1.001, '1'])],
    ['a histogram', { ...a, histograms: [[3, { count: '1' }]] as [number, unknown][] }],
  ])('changes with %s', (_text, changed) => {
    expect(hashSeries([changed, b])).not.toBe(hashSeries([a, b]));
  });

  it('changes when a sample moves to another series', () => {
    const [x, y] = [{ i: 'x' }, { i: 'y' }];
    expect(hashSeries([series(x, [1, '1']), series(y)])).not.toBe(
      hashSeries([series(x), series(y, [1, '1'])]),
    );
  });
});

describe('countQuery', () => {
  it('asks many metrics at once and keeps them apart by index', () => {
    expect(countQuery(['up', 'a"$b'], '[5ms]')).toBe(
      'label_replace(sum(count_over_time({__name__="up"}[5ms])), "i", "0", "", "") or ' +
        'label_replace(sum(count_over_time({__name__="a\\"$b"}[5ms])), "i", "1", "", "")',
    );
  });
});

const counts = fc
  .uniqueArray(fc.tuple(fc.string(), fc.integer({ min: 1, max: 200_000 })), { selector: ([name]) => name })
  .map((entries) => new Map(entries));

describe('batchesBySamples', () => {
  it('asks every metric once, in bounded batches', () => {
    fc.assert(
      fc.property(counts, (all) => {
        const batches = batchesBySamples(all);
        expect(batches.flat()).toEqual([...all.keys()]);
        for (const batch of batches) {
          const samples = batch.reduce((sum, name) => sum + (all.get(name) ?? 0), 0);
          expect(batch.length === 1 || samples <= 100_000).toBe(true);
        }
      }),
    );
  });
});

describe('metricsToHash', () => {
  it('takes all when they fit, else a part that does, the same each time, never nothing', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 500_000 }), (all, budget) => {
        const chosen = metricsToHash(all, budget);
        const total = [...chosen.values()].reduce((sum, count) => sum + count, 0);
        expect(metricsToHash(new Map([...all].reverse()), budget)).toEqual(chosen);
        expect(chosen.size > 0).toBe(all.size > 0);
        expect(total <= budget || chosen.size === 1).toBe(true);
        if ([...all.values()].reduce((sum, count) => sum + count, 0) <= budget) expect(chosen).toEqual(all);
      }),
    );
  });
});
