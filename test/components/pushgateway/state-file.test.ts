import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeStateFile,
  GobError,
  groupKeyOf,
  groupName,
} from '../../../src/components/pushgateway/source/state-file.ts';

/** Written by real programs: three groups, one of them of a push that failed. */
const fixture = (version: string) =>
  readFile(join(import.meta.dirname, `../../fixtures/state-files/pushgateway-${version}.data`));

describe.each([
  ['1.5.1', 1795547806164929472n],
  ['1.11.3', 1795547811839454773n],
])('the file of Pushgateway %s', (version, pushedAt) => {
  it('holds each group with the times of its pushes', async () => {
    const groups = decodeStateFile(await fixture(version));
    expect(groups.size).toBe(3);
    const group = groups.get(groupKeyOf({ job: 'backup', instance: 'é' }));
    expect([...(group?.keys() ?? [])].sort()).toEqual([
      'a',
      'c',
      'h',
      'push_failure_time_seconds',
      'push_time_seconds',
      's',
    ]);
    expect(new Set(group?.values())).toEqual(new Set([pushedAt]));
    expect(groups.has(groupKeyOf({ x: '', job: 'a/b' }))).toBe(true);
  });

  it('is refused wherever it is cut off', async () => {
    const whole = await fixture(version);
    for (let length = 0; length < whole.length; length += 7)
      expect(() => decodeStateFile(whole.subarray(0, length))).toThrow(GobError);
  });

  it('is read or refused whatever byte is another', async () => {
    const whole = await fixture(version);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        try {
          decodeStateFile(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(GobError);
        }
      }),
    );
  });
});

it('names a group as people write it', () => {
  expect(groupName({ job: 'a "b"', instance: 'x' })).toBe('{instance="x", job="a \\"b\\""}');
});
