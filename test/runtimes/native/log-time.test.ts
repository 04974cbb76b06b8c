import fc from 'fast-check';
import { expect, it } from 'vitest';
import { timeOfLine } from '../../../src/runtimes/native/log-time.ts';

it.each([
  ['ts=2026-11-24T18:17:03.123Z caller=main.go:1 level=info', '2026-11-24T18:17:03.123Z', '123000000'],
  ['time=2026-11-24T19:17:03.123456789+01:00 level=INFO msg=x', '2026-11-24T18:17:03.123Z', '123456789'],
  ['2026-11-24T19:16:01.340Z\tinfo\tVictoriaLogs started', '2026-11-24T19:16:01.340Z', '340000000'],
  ['level=info ts=2026-11-24T18:17:03Z msg=x', '2026-11-24T18:17:03.000Z', '000000000'],
  ['{"level":"info","ts":"2026-11-24T18:17:03.5Z","msg":"x"}', '2026-11-24T18:17:03.500Z', '500000000'],
  ['{"time": "2026-11-24 18:17:03.5+0000"}', '2026-11-24T18:17:03.500Z', '500000000'],
])('finds the time of %s', (line, iso, nanos) => {
  const found = timeOfLine(line);
  expect(found && new Date(found.ms).toISOString()).toBe(iso);
  expect(found?.ns.slice(-9)).toBe(nanos);
});

it.each([
  '',
  'panic: runtime error',
  '2026/11/24 18:17:03 no zone',
  'ts=2026-11-24T18:17:03 no zone',
  'ts=2026-99-99T18:17:03Z no such day',
  `${'x'.repeat(400)} ts=2026-11-24T18:17:03Z too late in the line`,
  'attempts=2026-11-24T18:17:03Z is another word',
])('finds none in %s', (line) => {
  expect(timeOfLine(line)).toBeUndefined();
});

it('reads every time that a line can have, to the millisecond', () => {
  const range = {
    min: new Date('1970-01-01T00:00:00Z'),
    max: new Date('2200-01-01T00:00:00Z'),
    noInvalidDate: true,
  };
  fc.assert(
    fc.property(fc.date(range), (date) => {
      const found = timeOfLine(`ts=${date.toISOString()} level=info`);
      expect(found).toEqual({
        ms: date.getTime(),
        ns: String(BigInt(date.getTime()) * 1_000_000n).padStart(10, '0'),
      });
    }),
  );
});
