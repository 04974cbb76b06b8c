import { describe, expect, it } from 'vitest';
import { matchingLabels } from '../../../src/components/alertmanager/source/matching-alert.ts';

const usual = { alertname: 'Usual' };
const equal = (name: string, value: string) => ({ name, value, isRegex: false, isEqual: true });
const unequal = (name: string, value: string) => ({ name, value, isRegex: false, isEqual: false });
const like = (name: string, value: string) => ({ name, value, isRegex: true, isEqual: true });
const unlike = (name: string, value: string) => ({ name, value, isRegex: true, isEqual: false });

describe('matchingLabels', () => {
  it.each([
    ['an equal label', [equal('alertname', 'DiskFull')]],
    ['another label', [equal('instance', 'a')]],
    ['an absent label', [unequal('severity', 'critical')]],
    ['an empty label', [equal('alertname', '')]],
    ['a label that must be there', [unequal('team', '')]],
    ['the beginning of an expression', [like('instance', 'web-.*|db-1')]],
    ['anything', [like('alertname', '.+')]],
    ['everything but some', [unlike('alertname', 'Usual|Other')]],
    ['two conditions', [like('a', 'x.*|y'), unequal('a', 'x')]],
    ['several labels', [equal('a', 'x'), like('b', '(one|two)'), unequal('c', '')]],
  ])('finds %s', (_name, matchers) => {
    const labels = matchingLabels({ matchers }, usual);
    expect(labels).toBeDefined();
    for (const { name, value, isRegex, isEqual } of matchers) {
      const found = labels?.[name] ?? '';
      expect(isRegex ? new RegExp(`^(?:${value})$`).test(found) : found === value).toBe(isEqual);
    }
    expect(Object.values(labels ?? {})).not.toContain('');
  });

  it('keeps the usual labels where nothing speaks against them', () => {
    expect(matchingLabels({ matchers: [equal('a', 'x')] }, usual)).toEqual({ alertname: 'Usual', a: 'x' });
  });

  it('gives up where it finds nothing', () => {
    expect(matchingLabels({ matchers: [equal('a', 'x'), equal('a', 'y')] }, usual)).toBeUndefined();
    expect(matchingLabels({ matchers: [like('a', '[0-9]{3}-\\pL+')] }, usual)).toBeUndefined();
  });
});
