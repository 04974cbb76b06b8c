import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderError } from '../../src/platform/error-text.ts';
import { type ErrorDetails, LeitstandError } from '../../src/platform/errors.ts';

function render(details: ErrorDetails, colour = false): string {
  return renderError(new LeitstandError('LS-TEST-001', 2, details), { colour });
}

describe('an error as people read it', () => {
  it('says what, where, why, detail and fix', () => {
    expect(
      render({
        what: 'unknown key `retension`',
        where: { file: 'leitstand.yaml', line: 7, column: 5 },
        why: 'the file is read strictly\nso that nothing is ignored',
        detail: ['  7 |     retension: 15d', '    |     ^^^^^^^^^', ''],
        fix: 'did you mean `retention`?\nelse delete it',
      }),
    ).toBe(
      [
        'LS-TEST-001 unknown key `retension`',
        '  leitstand.yaml:7:5',
        '  why: the file is read strictly',
        '       so that nothing is ignored',
        '    7 |     retension: 15d',
        '      |     ^^^^^^^^^',
        '',
        '  fix: did you mean `retention`?',
        '       else delete it',
      ].join('\n'),
    );
  });

  it('has no line for what is not known', () => {
    expect(render({ what: 'it broke' })).toBe('LS-TEST-001 it broke');
    expect(render({ what: 'it broke', where: { file: 'a' } })).toBe('LS-TEST-001 it broke\n  a');
    expect(render({ what: 'it broke', where: { file: 'a', line: 3 } })).toBe('LS-TEST-001 it broke\n  a:3');
  });

  it('is coloured when asked, and the same text without the colours', () => {
    const details = { what: 'it broke', where: { file: 'a', line: 3 }, fix: 'mend it' };
    const coloured = render(details, true);
    expect(coloured).toContain('\u001B[1;31mLS-TEST-001\u001B[0m');
    expect(stripVTControlCharacters(coloured)).toBe(render(details));
  });

  it('lets no quoted program or file speak to the terminal', () => {
    const text = render(
      { what: 'a\u001B[2Jb\u0007', detail: ['c\rd\u009Be\u202Ef\tg'], where: { file: 'h\u001B' } },
      true,
    );
    expect(stripVTControlCharacters(text).replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202E/u);
    expect(text).not.toContain('\u001B[2J');
  });
});
