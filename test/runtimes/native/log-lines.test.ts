import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineSplitter, LONGEST_LINE } from '../../../src/runtimes/native/log-lines.ts';

function split(chunks: readonly Buffer[]) {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap((chunk) => splitter.push(chunk));
  const last = splitter.flush();
  return { lines: last ? [...lines, last] : lines, pending: splitter.pending };
}

it('gives the same lines however the bytes arrive, and accounts for every byte', () => {
  const bytes = fc.array(
    fc.oneof(
      fc.constant(Buffer.from('\n')),
      fc.constant(Buffer.from('é\r\n')),
      fc.uint8Array({ maxLength: 40 }),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(bytes, fc.nat(), (parts, seed) => {
      const all = Buffer.concat(parts.map((part) => Buffer.from(part)));
      const cuts: Buffer[] = [];
      for (let at = 0, i = 0; at < all.length; i += 1) {
        const size = 1 + ((seed + i * 7) % 13);
        cuts.push(all.subarray(at, at + size));
        at += size;
      }
      const whole = split([all]);
      expect(split(cuts)).toEqual(whole);
      expect(whole.lines.reduce((sum, line) => sum + line.bytes, 0)).toBe(all.length);
      expect(whole.pending).toBe(0);
    }),
  );
});

it('keeps the beginning of a line that is too long, and says how much it cut', () => {
  const long = Buffer.alloc(LONGEST_LINE * 3, 'x');
  const { lines } = split([long.subarray(0, 100_000), long.subarray(100_000), Buffer.from('\nafter\n')]);
  expect(lines).toEqual([
    {
      text: `${'x'.repeat(LONGEST_LINE)} …[cut: ${LONGEST_LINE * 2} bytes more]`,
      bytes: LONGEST_LINE * 3 + 1,
    },
    { text: 'after', bytes: 6 },
  ]);
});
