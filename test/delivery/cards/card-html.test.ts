import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cardHtml } from '../../../src/delivery/cards/card-html.ts';
import { cardText } from '../../../src/delivery/cards/card-text.ts';
import type { MessageCard, Span } from '../../../src/stack/card.ts';
import { assertHarmless, tagsOf } from './markup.ts';

const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</pre></details></div><iframe src=//evil.example.org>',
  '</iframe><script>',
  '<!--',
  '&lt;b&gt;',
  'javascript:alert(1)',
  '\u202Egnp.exe\u0000\u001B[31m',
  '{{ .Labels }} ${x} `y`',
];
const text = fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: 'binary', maxLength: 40 }));
const address = fc.oneof(text, fc.constantFrom('https://example.org/?a="><b>', 'mailto:a@example.org'));

const link = fc.record({ text, address }, { requiredKeys: ['text'] });
const flag = fc.constant(true as const);
const span: fc.Arbitrary<Span> = fc.record(
  { text, bold: flag, italic: flag, strike: flag, code: flag, quote: flag, calls: flag, address },
  { requiredKeys: ['text'] },
);
const fact = fc.record({ name: text, value: text });

const cards: Readonly<Record<MessageCard['kind'], fc.Arbitrary<MessageCard>>> = {
  chat: fc.record(
    {
      kind: fc.constant('chat' as const),
      author: text,
      title: link,
      colour: text,
      text: fc.array(span, { maxLength: 5 }),
      fields: fc.array(fc.record({ title: text, text: fc.array(span, { maxLength: 2 }) }), { maxLength: 3 }),
      buttons: fc.array(link, { maxLength: 3 }),
      footer: text,
      notification: text,
    },
    { requiredKeys: ['kind', 'author', 'text', 'fields', 'buttons', 'notification'] },
  ),
  mail: fc.record(
    { kind: fc.constant('mail' as const), subject: text, from: text, to: text, text, html: text },
    { requiredKeys: ['kind', 'subject', 'from', 'to'] },
  ),
  incident: fc.record({
    kind: fc.constant('incident' as const),
    action: text,
    summary: text,
    severity: text,
    facts: fc.array(fact, { maxLength: 3 }),
    details: fc.array(fact, { maxLength: 3 }),
    links: fc.array(link, { maxLength: 3 }),
  }),
  data: fc.record({
    kind: fc.constant('data' as const),
    title: text,
    facts: fc.array(fact, { maxLength: 3 }),
    data: fc.option(fc.dictionary(text, text), { nil: undefined }),
  }),
};

it.each(['__proto__', 'constructor', 'toString'])('an incident may have the action %s', (action) => {
  const card = {
    kind: 'incident',
    action,
    summary: 's',
    severity: '',
    facts: [],
    details: [],
    links: [],
  } as const;
  expect(cardHtml(card, 'en').toString()).toContain(`>${action}</span>`);
});

describe.each(Object.entries(cards))('a card of the kind %s', (_, card) => {
  it('has no markup but ours, whatever the message holds', () => {
    fc.assert(
      fc.property(card, fc.constantFrom('en' as const, 'de' as const), (one, language) => {
        assertHarmless(tagsOf(cardHtml(one, language).toString()));
      }),
      { numRuns: 500 },
    );
  });

  it('has lines for a terminal', () => {
    fc.assert(
      fc.property(card, (one) => {
        expect(cardText(one).every((line) => typeof line === 'string')).toBe(true);
      }),
    );
  });
});

describe('what is drawn', () => {
  it('follows only harmless links, and shows where the others would lead', () => {
    const markup = (address: string) =>
      cardHtml(
        {
          kind: 'chat',
          author: 'a',
          text: [],
          fields: [],
          buttons: [{ text: 'Runbook', address }],
          notification: '',
        },
        'en',
      ).toString();
    expect(markup('https://example.org/x')).toContain('<a class="button" href="https://example.org/x"');
    expect(markup('javascript:alert(1)')).not.toContain('<a ');
    expect(markup('javascript:alert(1)')).toContain('<code>javascript:alert(1)</code>');
  });

  it('frames the HTML of a mail without any right, and as it is', () => {
    const page = '<h1 style="color:red">a & "b"</h1><script>alert(1)</script>';
    const markup = cardHtml({ kind: 'mail', subject: 's', from: 'f', to: 't', html: page }, 'en').toString();
    const [frame] = tagsOf(markup).filter(({ name }) => name === 'iframe');
    expect(frame?.attributes).toMatchObject({ sandbox: '', referrerpolicy: 'no-referrer' });
    expect(frame?.attributes['srcdoc']).toContain('&lt;script&gt;');
    expect(markup).not.toContain('<script');
  });

  it('warns in the terminal of what calls people', () => {
    const card = {
      kind: 'chat',
      author: 'a',
      text: [{ text: '@channel', calls: true }],
      fields: [],
      buttons: [],
      notification: 'n',
    } as const;
    expect(cardText(card)).toContain('@channel (CALLS PEOPLE)');
    expect(cardHtml(card, 'de').toString()).toContain('<mark>@channel</mark>');
  });
});
