import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { harmlessLink, html } from '../../src/platform/html.ts';

/** What a browser reads. */
function decoded(markup: string): string {
  return markup
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

const HOSTILE = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '<',
        '>',
        '"',
        "'",
        '&',
        '`',
        '=',
        '</script>',
        '<!--',
        '-->',
        ']]>',
        '&lt;',
        'onload=',
        ' ',
      ),
    )
    .map((parts) => parts.join('')),
);

describe('html', () => {
  it('keeps every value a value, between tags and in attributes', () => {
    fc.assert(
      fc.property(HOSTILE, (value) => {
        const [, inAttribute = '', between = ''] = /^<p title="(.*)">(.*)<\/p>$/s.exec(
          html`<p title="${value}">${value}</p>`.toString(),
        ) as RegExpExecArray;
        for (const text of [inAttribute, between]) {
          expect(text).not.toMatch(/[<>"']/);
          expect(text).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/);
          expect(text).not.toMatch(/(?![\t\n])\p{Cc}/u);
          expect(decoded(text)).toBe(
            value
              .toWellFormed()
              .replaceAll(/\r\n?/g, '\n')
              .replaceAll(/(?![\t\n])\p{Cc}/gu, '\uFFFD'),
          );
        }
      }),
    );
  });

  it('takes other templates as they are, lists of them, and nothing for nothing', () => {
    const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>${undefined}${false}${0}`.toString()).toBe(
      '<ul><li>a</li><li>&lt;b&gt;</li></ul>0',
    );
  });

  it('is not fooled by what only looks like a template', () => {
    const forged = JSON.parse('{"markup":"<b>"}') as string;
    expect(html`${String(forged)}`.toString()).not.toContain('<b>');
  });
});

describe('harmlessLink', () => {
  it.each(['https://example.org/a?b="><c', 'http://127.0.0.1:9093/#/alerts', 'mailto:ops@example.org'])(
    'lets %s be followed',
    (address) => expect(harmlessLink(address)).toBe(address),
  );

  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'data:text/html,<script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://example.org/1',
    '/relative',
    '',
    '-',
  ])('does not let %j', (address) => expect(harmlessLink(address)).toBeUndefined());
});
