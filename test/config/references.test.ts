import fc from 'fast-check';
import { parseDocument } from 'yaml';
import { describe, expect, it } from 'vitest';
import { coreScalar, escapeReferences, parseReferences } from '../../src/config/references.ts';

describe('references in a text', () => {
  it.each([
    ['', [{ type: 'text', text: '' }]],
    ['$', [{ type: 'text', text: '$' }]],
    ['a $b {c} $$ d', [{ type: 'text', text: 'a $b {c} $$ d' }]],
    ['${env:A}', [{ type: 'env', name: 'A', fallback: undefined, raw: '${env:A}' }]],
    ['${env:A:-}', [{ type: 'env', name: 'A', fallback: '', raw: '${env:A:-}' }]],
    ['${env:A:-b:-$c}', [{ type: 'env', name: 'A', fallback: 'b:-$c', raw: '${env:A:-b:-$c}' }]],
    ['${env:A:-b\nc}', [{ type: 'env', name: 'A', fallback: 'b\nc', raw: '${env:A:-b\nc}' }]],
    ['${secret:A_1}', [{ type: 'secret', name: 'A_1', raw: '${secret:A_1}' }]],
    ['$${env:A}', [{ type: 'text', text: '${env:A}' }]],
    ['$$${env:A}', [{ type: 'text', text: '$${env:A}' }]],
    [
      'x${env:A}y${secret:B}',
      [
        { type: 'text', text: 'x' },
        { type: 'env', name: 'A', fallback: undefined, raw: '${env:A}' },
        { type: 'text', text: 'y' },
        { type: 'secret', name: 'B', raw: '${secret:B}' },
      ],
    ],
  ])('%s', (text, parts) => {
    expect(parseReferences(text)).toEqual(parts);
  });

  it.each([
    '${',
    '${A}',
    '${env:}',
    '${env:A',
    '${env:1}',
    '${env:A:b}',
    '${ENV:A}',
    '${secret:A:-b}',
    '${secret:../a}',
    '${}',
  ])('%s is malformed', (text) => {
    expect(parseReferences(text)).toEqual([{ type: 'malformed', raw: text }]);
  });

  it('any text comes through when it is escaped', () => {
    const text = fc
      .array(fc.constantFrom('$', '{', '}', '${', '$${', 'env:', 'a', ' ', '\n'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (original) => {
        expect(parseReferences(escapeReferences(original))).toEqual([{ type: 'text', text: original }]);
      }),
    );
  });

  it('nothing of a text is lost or invented', () => {
    const text = fc
      .array(fc.constantFrom('$', '{', '}', '${', '$${', 'env:', 'secret:', 'A', ':-'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (original) => {
        const again = parseReferences(original).map((part) =>
          part.type === 'text' ? escapeReferences(part.text) : part.raw,
        );
        expect(parseReferences(again.join(''))).toEqual(parseReferences(original));
      }),
    );
  });
});

it.each(
  '~ true False TRUE yes null Null 0 -1 +3 007 0x1F 0o17 1.5 .5 5. 1e3 -1.5E-3 1_000 0b1 1:30 . e3 12a'.split(
    ' ',
  ),
)('%s has the type that YAML gives it', (text) => {
  expect(coreScalar(text)).toBe(parseDocument(text, { schema: 'core' }).toJS());
});
