import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../src/config/template/language.ts';
import { noveltiesIn } from '../../src/config/template/novelties.ts';
import { objectToTemplate } from '../../src/config/template/objections.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { isAtLeast } from '../../src/stack/version.ts';
import { generations, requirePrograms } from './programs.ts';

const ACTIONS = fc.constantFrom(
  '{{ .Status }}',
  '{{ if .Status }}',
  '{{- range .Alerts -}}',
  '{{ with $x := .Status }}',
  '{{ else }}',
  '{{ else if .Status }}',
  '{{ end }}',
  '{{- end -}}',
  '{{ break }}',
  '{{ define "a" }}',
  '{{ block "a" . }}',
  '{{/* }} */}}',
  '{{ "}}" }}',
  '{{ `}}` }}',
  '{{ "',
  '{{',
  '}}',
  '`',
  '"',
  'text\n',
  '{{ toUpper .Status }}',
  '{{ nothing .Status }}',
  '{{ .nothing }}',
  '{{ $x := 1 }}',
  '{{ $x }}',
);

const PIECES = fc.constantFrom(
  '',
  ' | ',
  '$x := ',
  ...'. .Status .Status .A.B $ $x toUpper len nil true "a" "\\q" "\\x41"'.split(' '),
  ...`'a' 'ab' 1 -1.5 0x1F 09 1_0 1.A ( ) (.A).B | = , / { ä - § /**/`.split(' '),
  ...'if range else end template define block break'.split(' '),
);
const SPACES = fc.constantFrom('', ' ', ' ', ' ');

describe.each(generations)("the template language, as %s Alertmanager's own parser has it", (generation) => {
  async function verdict(text: string): Promise<string> {
    const amtool = (await requirePrograms(generation)).get('amtool')?.path ?? '';
    const { stderr } = await runProgram(amtool, [
      'template',
      'render',
      '--template.glob=/none/*.tmpl',
      `--template.text=x${text}`,
    ]);
    return stderr;
  }

  /** Go parses before it executes; what fails then says where: fields, arguments and templates, which a text does not tell. */
  function isUnreadable(said: string): boolean {
    if (said === '' || /: executing "/.test(said)) return false;
    if (!said.startsWith('amtool: error: template: ')) throw new Error(said);
    return true;
  }

  async function expectAgreement(parts: readonly string[]): Promise<void> {
    const text = parts.join('');
    const { problem } = objectToTemplate(text) ?? {};
    const said = await verdict(text);
    expect([text, said, problem, isUnreadable(said)]).toEqual([text, said, problem, problem !== undefined]);
  }

  it('what is objected to cannot be read, and the rest can', async () => {
    await fc.assert(fc.asyncProperty(fc.array(ACTIONS, { minLength: 1, maxLength: 6 }), expectAgreement), {
      numRuns: 20,
    });
  });

  it('and so it is with what stands in braces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(PIECES, SPACES), { minLength: 1, maxLength: 5 }), (pieces) =>
        expectAgreement(['{{ ', ...pieces.flat(), ' }}']),
      ),
      { numRuns: 20 },
    );
  });

  it('knows `else with` from Alertmanager 0.28 on', async () => {
    const text = '{{ with .Status }}a{{ else with .Receiver }}b{{ end }}';
    const version = (await requirePrograms(generation)).get('amtool')?.version;
    if (!version) throw new Error('no amtool');
    expect(noveltiesIn(text)).toEqual([{ setting: '{{ else with … }}', since: '0.28' }]);
    expect(isUnreadable(await verdict(text))).toBe(!isAtLeast(version, '0.28'));
  });

  it('has each function from the version on that is said', async () => {
    const version = (await requirePrograms(generation)).get('amtool')?.version;
    if (!version) throw new Error('no amtool');
    const has = ([, since]: readonly [string, string]) => isAtLeast(version, since);
    const known = [...FUNCTIONS].filter(has).map(([name]) => `{{ ${name} }}`);
    // Go names the first function that it does not know.
    expect(await verdict(known.join(''))).not.toMatch(/not defined/);
    for (const [name] of [...FUNCTIONS].filter((entry) => !has(entry)))
      expect(await verdict(`{{ ${name} }}`)).toContain(`function "${name}" not defined`);
  });
});
