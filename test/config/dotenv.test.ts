import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDotenv } from '../../src/config/dotenv.ts';

const read = (text: string) => Object.fromEntries(parseDotenv(text).values);

describe('.env', () => {
  it('is read as people write it', () => {
    expect(
      read(
        [
          '# a comment',
          '',
          'PLAIN=value',
          'export EXPORTED=1',
          '  INDENTED = spaced  ',
          'EMPTY=',
          'COMMENTED=a # b',
          'ONLY_COMMENT= # b',
          'HASH=a#b',
          'EQUALS=a=b',
          `SINGLE='a # "b" \\n $c'`,
          String.raw`DOUBLE="a\n\t\"b\" \\ \$c \q" # end`,
          'URL=https://a/b?c=d&e',
          'INNER=it"s',
        ].join('\n'),
      ),
    ).toEqual({
      PLAIN: 'value',
      EXPORTED: '1',
      INDENTED: 'spaced',
      EMPTY: '',
      COMMENTED: 'a',
      ONLY_COMMENT: '',
      HASH: 'a#b',
      EQUALS: 'a=b',
      SINGLE: `a # "b" \\n $c`,
      DOUBLE: 'a\n\t"b" \\ $c \\q',
      URL: 'https://a/b?c=d&e',
      INNER: 'it"s',
    });
  });

  it('may have values of several lines, CRLF line ends and a byte order mark', () => {
    expect(read('\uFEFFKEY="-----BEGIN\r\nabc\r\n"\r\nNEXT=\'a\r\nb\'\r\nLAST=x')).toEqual({
      KEY: '-----BEGIN\nabc\n',
      NEXT: 'a\nb',
      LAST: 'x',
    });
  });

  it('names every line that it cannot understand, and goes on', () => {
    const { values, problems } = parseDotenv('A=1\nnonsense\nA=2\n1B=3\nC="x" y\nD=4\nE="open\nF=5');
    expect([...values]).toEqual([
      ['A', '1'],
      ['D', '4'],
      ['F', '5'],
    ]);
    expect(problems.map(({ line, what }) => `${line}: ${what}`)).toEqual([
      '2: this line is no KEY=value',
      '3: A is written twice',
      '4: this line is no KEY=value',
      '5: C has text behind its closing quote',
      '7: E has no closing quote',
    ]);
  });

  it('gives back what was written, in both kinds of quotes', () => {
    const key = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
    const value = fc.string({ unit: 'binary', maxLength: 30 });
    const double = (text: string) =>
      `"${text
        .replaceAll(/["\\$]/g, String.raw`\$&`)
        .replaceAll('\n', String.raw`\n`)
        .replaceAll('\r', String.raw`\r`)}"`;
    fc.assert(
      fc.property(
        fc.dictionary(key, value),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom('', 'export '),
        (entries, end, start) => {
          const lines = Object.entries(entries).map(([name, text]) => {
            const single = !/['\r\n]/.test(text) && text.length % 2 === 0;
            return `${start}${name}=${single ? `'${text}'` : double(text)} # comment${end}`;
          });
          expect(parseDotenv(lines.join(''))).toEqual({
            values: new Map(Object.entries(entries)),
            problems: [],
          });
        },
      ),
    );
  });

  it('is never a crash', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('A', '=', '"', "'", '\n', '\\', '#', ' ', 'export ', '$')),
        (parts) => {
          const { values, problems } = parseDotenv(parts.join(''));
          expect(values.size + problems.length).toBeLessThanOrEqual(parts.length);
        },
      ),
    );
  });
});
