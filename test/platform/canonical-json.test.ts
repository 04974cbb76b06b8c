import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '../../src/platform/canonical-json.ts';

describe('canonicalJson', () => {
  it('orders keys and leaves no space', () => {
    expect(canonicalJson({ b: [1, 'x', null], a: { d: true, c: 0.5 } })).toBe(
      '{"a":{"c":0.5,"d":true},"b":[1,"x",null]}',
    );
  });

  it('is JSON of the same value, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as Json);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
      }),
    );
  });

  it('refuses what JSON has no word for', () => {
    expect(() => canonicalJson(Number.NaN)).toThrow('not a JSON number');
  });
});
