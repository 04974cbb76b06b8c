import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMailAddress, parseMailAddress } from '../../src/platform/mail-address.ts';

describe('an address', () => {
  it.each([
    ['ops@example.org', '', 'ops@example.org'],
    [' ops@example.org ', '', 'ops@example.org'],
    ['<ops@example.org>', '', 'ops@example.org'],
    ['Ops <ops@example.org>', 'Ops', 'ops@example.org'],
    ['"Team, Netze" <a.b+c@mail.example.org>', 'Team, Netze', 'a.b+c@mail.example.org'],
    [String.raw`"a \"b\"" <a@b>`, 'a "b"', 'a@b'],
    ['Jürgen Müßig <j@example.org>', 'Jürgen Müßig', 'j@example.org'],
    ['root@mailhost', '', 'root@mailhost'],
  ])('is %s', (text, name, address) => {
    expect(parseMailAddress(text)).toEqual({ name, address });
  });

  it.each([
    'ops',
    '@example.org',
    'ops@',
    'ops@example..org',
    'ops@-example.org',
    '.ops@example.org',
    'a..b@example.org',
    'a b@example.org',
    '"a b"@example.org',
    'ops@[127.0.0.1]',
    'müller@example.org',
    'ops@müller.example',
    'a@example.org, b@example.org',
    'ops@example.org\r\nBcc: x@example.org',
    'Ops\n <ops@example.org>',
    'a <b> <ops@example.org>',
    `${'a'.repeat(65)}@example.org`,
    '{{.x}}@example.org',
  ])('is not %j', (text) => {
    expect(parseMailAddress(text)).toBeUndefined();
  });

  it('goes into a header as ASCII, in words of 75 characters, and comes out again', () => {
    const name = fc
      .string({
        unit: fc.oneof(
          fc.constantFrom('a', ' ', '"', ',', '.', '(', '<', '@', '\\', 'ä', '€', '😀'),
          fc.string({ minLength: 1, maxLength: 1 }),
        ),
        maxLength: 60,
      })
      .map((text) => text.trim())
      .filter((text) => text.length <= 60 && !/\p{C}/u.test(text));
    fc.assert(
      fc.property(name, (text) => {
        const header = formatMailAddress({ name: text, address: 'ops@example.org' });
        expect(header).toMatch(/^[ -~]*ops@example\.org>?$/);
        for (const word of header.match(/=\?\S+\?=/g) ?? []) expect(word.length).toBeLessThanOrEqual(75);
        expect(decoded(header)).toBe(text);
      }),
    );
  });
});

/** The name of a header as its reader finds it. */
function decoded(header: string): string {
  const [, shown = ''] = /^(.*?)\s*<ops@example\.org>$/.exec(header) ?? [];
  if (shown.startsWith('"')) return shown.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  if (!shown.startsWith('=?utf-8?B?')) return shown;
  const words = shown.split(' ').map((word) => Buffer.from(word.slice(10, -2), 'base64'));
  return Buffer.concat(words).toString('utf8');
}

it('takes what a domain with umlauts is registered as', () => {
  expect(parseMailAddress(`ops@${domainToASCII('müller.example')}`)?.address).toBe(
    'ops@xn--mller-kva.example',
  );
});
