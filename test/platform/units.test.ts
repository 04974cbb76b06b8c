import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  formatElapsed,
  formatSize,
  parseDuration,
  parseSize,
} from '../../src/platform/units.ts';

describe('parseDuration', () => {
  it.each([
    ['15s', 15_000],
    ['1d12h', 129_600_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1y', 31_536_000_000],
    ['2w', 1_209_600_000],
    ['0s', 0],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '15', 's', '15 s', '1s1m', '1.5h', '-1s', '15sec', '99999999999999y'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('reads back what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 13 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe('parseSize', () => {
  it.each([
    ['512MiB', 536_870_912],
    ['1GB', 1_000_000_000],
    ['1.5 GiB', 1_610_612_736],
    ['10B', 10],
    ['3kB', 3000],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '512', '1G', '1gb', 'GB', '-1MB', '1KB', '1.5.2GB', '99999999TiB'])('refuses %j', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});

describe('for people', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [5 * 1024 ** 4, '5.0 TiB'],
  ])('%i bytes', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it.each([
    [3.4, '3 ms'],
    [4_240, '4.2 s'],
    [200_000, '3m20s'],
  ])('%d ms', (ms, text) => {
    expect(formatElapsed(ms)).toBe(text);
  });
});
