import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../src/config/template-language.ts';
import { objectToTemplate } from '../../src/config/template-objections.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { isAtLeast } from '../../src/stack/version.ts';
import { generations, requirePrograms } from './programs.ts';

/** Go's words for a text that it cannot parse; what fails later is about fields and arguments. */
const UNREADABLE =
  /missing value for command|unclosed|unterminated|unexpected|function "[^"]*" not defined|not in an action|outside|expected end/;

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

  it('what is objected to cannot be read, and the rest can', async () => {
    const pieces = fc.constantFrom(
      '{{ .Status }}',
      '{{ if .Status }}',
      '{{- range .Alerts -}}',
      '{{ with .Status }}',
      '{{ else }}',
      '{{ end }}',
      '{{- end -}}',
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
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 6 }), async (parts) => {
        const text = parts.join('');
        const objection = objectToTemplate(text);
        const said = await verdict(text);
        expect([text, said, UNREADABLE.test(said)]).toEqual([text, said, objection !== undefined]);
      }),
      { numRuns: 40 },
    );
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
