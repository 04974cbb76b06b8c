import { describe, expect, it } from 'vitest';
import { annotationLabels, expandAnnotation } from '../../src/rules/annotation.ts';

describe('annotations as Prometheus fills them in', () => {
  it.each([
    ['{{ $labels.a }} of {{ $labels.b }}', { a: 'x', b: 'y' }, undefined, 'x of y'],
    ['{{ printf "%.0f" $value }} %', {}, 49.6, '50 %'],
    ['{{ printf "%.0f" $value }}', {}, 0.5, '0'],
    ['{{ printf "%.0f" $value }}', {}, 1.5, '2'],
    ['{{ printf "%.0f" $value }}', {}, -0.01, '-0'],
    ['{{ printf "%.1f" $value }}', {}, 2.25, '2.2'],
    ['{{ $value | humanizeDuration }}', {}, 180_060, '2d 2h 1m 0s'],
    ['{{ $value | humanizeDuration }}', {}, 301, '5m 1s'],
    ['{{ $value | humanizeDuration }}', {}, 7, '7s'],
  ] as const)('%s', (text, labels, value, filled) => {
    expect(expandAnnotation(text, labels, value)).toBe(filled);
  });

  it('a label or value that the test does not state is a bug', () => {
    expect(() => expandAnnotation('{{ $labels.instance }}', { job: 'a' }, 1)).toThrow('the label instance');
    expect(() => expandAnnotation('{{ printf "%.0f" $value }}', {}, undefined)).toThrow('the value');
  });

  it('a template beyond the part that is understood is a bug', () => {
    expect(() => annotationLabels('{{ $value | humanize }}')).toThrow('{{ $value | humanize }}');
  });
});
