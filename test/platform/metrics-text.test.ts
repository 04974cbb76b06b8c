import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatMetrics, type MetricSample, parseMetrics } from '../../src/platform/metrics-text.ts';

const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,20}$/);
const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,10}$/).filter((text) => text !== '__proto__');
const labelText = fc.string({
  unit: fc.oneof(
    fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme' }),
    fc.constantFrom('\n', '\\', '"', '}'),
  ),
});
const labels = fc.dictionary(labelName, labelText, {
  maxKeys: 4,
  noNullPrototype: true,
});
const value = fc.oneof(
  fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.constantFrom(Infinity, -Infinity, Number.NaN),
);

function write(sample: MetricSample, timestamp: number | undefined): string {
  const escape = (text: string) =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  const pairs = Object.entries(sample.labels).map(([key, text]) => `${key}="${escape(text)}"`);
  const number =
    Number.isFinite(sample.value) || Number.isNaN(sample.value)
      ? String(sample.value)
      : sample.value > 0
        ? '+Inf'
        : '-Inf';
  return `${sample.name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${number}${timestamp === undefined ? '' : ` ${timestamp}`}`;
}

it('reads back whatever is written in the format', () => {
  const samples = fc.array(fc.record({ name, labels, value }), { maxLength: 5 });
  fc.assert(
    fc.property(samples, fc.option(fc.nat(), { nil: undefined }), (all, timestamp) => {
      const lines = all.flatMap((sample) => ['# TYPE a counter', write(sample, timestamp)]);
      expect(parseMetrics(`${lines.join('\n')}\n`)).toEqual(all);
    }),
  );
});

it('never throws, and finds the known line among any others', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (others) => {
      const lines = [...others.map((line) => line.replaceAll('\n', ' ')), 'known{a="}\\"{"} 7'];
      expect(parseMetrics(lines.join('\n')).at(-1)).toEqual({
        name: 'known',
        labels: { a: '}"{' },
        value: 7,
      });
    }),
  );
});

it('passes over what is not of the format', () => {
  const text = ['a{b="c"', 'a{b=c} 1', 'a{b="c"}', 'a b c', 'a{b="c"d} 1', '{"a.b"="c"} 1', '1a 1', 'a 1x'];
  expect(parseMetrics(text.join('\n'))).toEqual([]);
});

it('takes lines as Alertmanager writes them', () => {
  expect(
    parseMetrics(
      'alertmanager_notifications_failed_total{integration="slack",reason="clientError"} 1e+06\r\n',
    ),
  ).toEqual([
    {
      name: 'alertmanager_notifications_failed_total',
      labels: { integration: 'slack', reason: 'clientError' },
      value: 1_000_000,
    },
  ]);
});

it('reads label values with every line separator that is not a line feed', () => {
  expect(parseMetrics('a{b="x\u2028y\rz"} 1')).toEqual([
    { name: 'a', labels: { b: 'x\u2028y\rz' }, value: 1 },
  ]);
});

it('reads what it has written, whatever the labels hold', () => {
  const label = fc.string({ unit: 'grapheme', maxLength: 20 });
  const value = fc.oneof(fc.double({ noNaN: true }), fc.constant(Infinity), fc.integer());
  fc.assert(
    fc.property(fc.array(fc.tuple(label, label, value), { minLength: 1, maxLength: 5 }), (rows) => {
      const samples = rows.map(([kind, subject, one]) => ({ labels: { kind, subject }, value: one + 0 }));
      const text = formatMetrics([
        { name: 'a_total', type: 'counter', help: 'One\nand \\ two.', samples },
        { name: 'empty', type: 'gauge', help: 'None.', samples: [] },
      ]);
      expect(parseMetrics(text)).toEqual(samples.map((sample) => ({ name: 'a_total', ...sample })));
      expect(text).not.toContain('empty');
    }),
  );
});
