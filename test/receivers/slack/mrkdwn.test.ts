import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMrkdwn } from '../../../src/receivers/slack/mrkdwn.ts';
import { workedMs } from '../../fixtures/cpu-time.ts';

const styled = (text: string) => readMrkdwn(text, { isStyled: true });
const plain = (text: string) => readMrkdwn(text, { isStyled: false });
const textOf = (spans: ReturnType<typeof styled>) => spans.map(({ text }) => text).join('');

describe('a text as Slack shows it', () => {
  it.each([
    [
      '*bold* and _italic_ and ~gone~',
      [
        { text: 'bold', bold: true },
        { text: ' and ' },
        { text: 'italic', italic: true },
        { text: ' and ' },
        { text: 'gone', strike: true },
      ],
    ],
    ['*_both_*', [{ text: 'both', bold: true, italic: true }]],
    ['snake_case_name 2*3*4', [{ text: 'snake_case_name 2*3*4' }]],
    ['* no list', [{ text: '* no list' }]],
    ['`*code*` &amp; &lt;b&gt;', [{ text: '*code*', code: true }, { text: ' & <b>' }]],
    ['<https://example.org/a_b_c|Run_book_>', [{ text: 'Run_book_', address: 'https://example.org/a_b_c' }]],
    [
      '*<https://example.org|bold link>*',
      [{ text: 'bold link', address: 'https://example.org', bold: true }],
    ],
    [
      'see https://example.org/x_y_z.',
      [
        { text: 'see ' },
        { text: 'https://example.org/x_y_z', address: 'https://example.org/x_y_z' },
        { text: '.' },
      ],
    ],
    ['&gt; quoted\nnot', [{ text: 'quoted\n', quote: true }, { text: 'not' }]],
  ])('%s', (text, spans) => expect(styled(text)).toEqual(spans));

  it.each(['<!channel>', '<!here>', '<!everyone>', '<!subteam^S1|@team>', '<@U012345>'])(
    'sees that %s calls people, styled or not',
    (text) => {
      expect(styled(text)).toMatchObject([{ calls: true }]);
      expect(plain(`a ${text} b`)[1]).toMatchObject({ calls: true });
    },
  );

  it('sees no call in what was escaped, and no link in what is none', () => {
    for (const text of ['&lt;!channel&gt;', '&lt;@U012345&gt;', '<b>', '<>', 'a < b > c'])
      expect(styled(text).some(({ calls, address }) => calls || address !== undefined)).toBe(false);
  });

  it('styles nothing where the message does not want it', () => {
    expect(plain('*not bold* `nor code` &amp;')).toEqual([{ text: '*not bold* `nor code` &' }]);
  });

  it('loses nothing of a text that holds no notation', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/[<>&*_~`\uE000\uE001]|:\/\//.test(text));
        expect(textOf(styled(text))).toBe(text);
        expect(textOf(plain(text))).toBe(text);
      }),
    );
  });

  it('reads whatever comes, and soon', () => {
    const parts = [
      '*',
      '_',
      '~',
      '`',
      '```',
      '<',
      '>',
      '|',
      '&lt;',
      '!channel',
      'https://',
      '\n',
      ' ',
      'a',
      '\uE0000\uE001',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 200 }), (list) => {
        for (const span of styled(list.join(''))) expect(typeof span.text).toBe('string');
      }),
    );
    const start = workedMs();
    for (const part of parts) styled(part.repeat(20_000));
    styled('*_'.repeat(20_000));
    expect(workedMs() - start).toBeLessThan(10_000);
  });
});

it.each(['<@U1>', '<http://a|b>', 'http://a.b ', '`a`', '```', '*_~', '> a\n', '<'])(
  'takes no longer to read than it is long: %j',
  (piece) => {
    const started = workedMs();
    readMrkdwn(piece.repeat(1_000_000 / piece.length), { isStyled: true });
    // Searched anew from each piece on, it took eight seconds.
    expect(workedMs() - started).toBeLessThan(3_000);
  },
);
