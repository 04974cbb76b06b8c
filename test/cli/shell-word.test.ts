import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shellWord } from '../../src/cli/shell-word.ts';

it('a plain word stays as it is', () => {
  expect(shellWord('../stacks/rathaus-nord')).toBe('../stacks/rathaus-nord');
  expect(shellWord('Mein Rathaus')).toBe("'Mein Rathaus'");
  expect(shellWord('')).toBe("''");
});

it('a shell reads every word back as it was', () => {
  const word = fc.string({ unit: 'binary-ascii', maxLength: 20 }).map((text) => text.replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 50 }), (words) => {
      const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
      expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(
        words.map((one) => `${one}\0`).join(''),
      );
    }),
    { numRuns: 20 },
  );
});
