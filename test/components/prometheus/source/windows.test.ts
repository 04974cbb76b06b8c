import { describe, expect, it } from 'vitest';
import { lateMetrics, touchesTail } from '../../../../src/components/prometheus/source/tail.ts';
import {
  comparedWindows,
  lastHour,
  rangeText,
} from '../../../../src/components/prometheus/source/windows.ts';

const HOUR = 3_600_000;
const block = (minTime: number, maxTime: number) => ({
  ulid: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  minTime,
  maxTime,
  stats: { numSamples: 1, numSeries: 1, numChunks: 1 },
});

describe('comparedWindows', () => {
  it('covers the whole newest block, an hour a day ago, and the first hour of the oldest', () => {
    const cutoff = 100 * HOUR;
    expect(comparedWindows([block(98 * HOUR, 101 * HOUR), block(10 * HOUR, 12 * HOUR)], cutoff)).toEqual([
      { name: 'newest', from: 98 * HOUR - 1, to: cutoff },
      { name: 'day', from: 75 * HOUR, to: 76 * HOUR },
      { name: 'oldest', from: 10 * HOUR - 1, to: 11 * HOUR - 1 },
    ]);
  });

  it('has no window of its own for an oldest block that is the newest', () => {
    expect(comparedWindows([block(5, 10)], 9).map(({ name }) => name)).toEqual(['newest', 'day']);
  });
});

describe('rangeText', () => {
  const window = { name: 'w', from: 1_000, to: 6_000 };

  it('means the same samples on servers that include the start of a range and those that do not', () => {
    expect(rangeText(window, 'exclusive')).toBe('[5000ms]');
    expect(rangeText(window, 'inclusive')).toBe('[4999ms]');
  });

  it('is nothing for a window that can hold no sample', () => {
    expect(rangeText({ ...window, to: 1_000 }, 'exclusive')).toBeUndefined();
    expect(rangeText({ ...window, to: 1_001 }, 'inclusive')).toBeUndefined();
  });
});

it('lastHour never widens a window', () => {
  expect(lastHour({ name: 'w', from: 5, to: 10 })).toEqual({ name: 'w', from: 5, to: 10 });
  expect(lastHour({ name: 'w', from: 0, to: 3 * HOUR }).from).toBe(2 * HOUR);
});

describe('lateMetrics', () => {
  it('are those with another count, new and vanished ones included', () => {
    const before = new Map([
      ['same', 1],
      ['more', 1],
      ['gone', 1],
    ]);
    const after = new Map([
      ['same', 1],
      ['more', 2],
      ['new', 1],
    ]);
    expect(lateMetrics(before, after)).toEqual(new Set(['more', 'gone', 'new']));
  });

  it('concern only windows that reach into the last minutes', () => {
    expect(touchesTail({ name: 'newest', from: 0, to: 10 * HOUR }, 10 * HOUR)).toBe(true);
    expect(touchesTail({ name: 'oldest', from: 0, to: HOUR }, 10 * HOUR)).toBe(false);
  });
});
