import { describe, expect, it } from 'vitest';
import { actionsIn, functionsIn } from '../../../src/config/template/actions.ts';
import { objectToTemplate } from '../../../src/config/template/objections.ts';
import { workedMs } from '../../fixtures/cpu-time.ts';

describe('a text in the template language', () => {
  it.each([
    '',
    'no template, {braces} and }} too',
    '{{ .CommonLabels.alertname }}',
    '{{- if .A -}} a {{- else if .B }} b {{ else }} c {{ end }}',
    '{{ if .A }}{{ if .B }}b{{ else }}c{{ end }}{{ else }}{{ range .C }}d{{ else }}e{{ end }}{{ end }}',
    '{{ range $i, $a := .Alerts }}{{ with $a.Labels }}{{ .x }}{{ end }}{{ break }}{{ end }}',
    '{{/* a comment with }} in it */}}{{- /* another */ -}}',
    '{{ "a string with }} and \\" in it" }}{{ `raw }}\n"` }}',
    '{{ template "leitstand.slack.text" . }}{{ .Alerts.Firing | len }}{{ toUpper .Status | printf "%q" }}',
    '{{ define "x" }}{{ .end }}{{ end }}{{ $end := 1 }}{{ .if.range }}',
    '{{ ((.A).B | len) | printf "%d" }}{{ (index .Alerts 0).Labels.x }}{{ 1_000 }}{{ 0x1p-2 }}{{ 1+2i }}',
    '{{ $x := .A }}{{ if $y := $x.B }}{{ $y }}{{ else if $y }}{{ $x = 2 }}{{ end }}{{ $.C }}',
    '{{ range .A }}{{ if .B }}{{ continue }}{{ end }}{{ else }}e{{ end }}{{ block "b" . }}x{{ end }}',
    '{{ define "x" }} {{/* nothing */}} {{ end }}{{ define "x" }}x{{ end }}{{ .A | }}',
    '{{ printf "\\x41\\u00e4\\101\\"" \'\\\'\' }}',
  ])('%j is one', (text) => {
    expect(objectToTemplate(text)).toBeUndefined();
  });

  it.each([
    ['{{ .A', 'has `{{ .A`, which is never closed', 'close it'],
    ['a {{ "b }}', 'which is never closed', 'quotation marks'],
    ['{{ .A {{ .B }}', 'has `{{ .A {{ .B }}`, which is never closed', 'close it'],
    ['a{{ }}b', 'has `{{ }}` with nothing in it', 'delete it'],
    ['{{ if .A }}a', 'has `{{ if .A }}` without its end', 'add `{{ end }}`'],
    ['{{ if .A }}{{ range .B }}{{ end }}', 'has `{{ if .A }}` without its end', ''],
    ['{{ .A }}{{ end }}', 'has `{{ end }}` that ends nothing', 'delete it'],
    ['{{ else }}', 'outside of a block', 'before it'],
    [
      '{{ if .A }}a{{ else }}b{{- else -}}c{{ end }}',
      'behind the `{{ else }}` of the same block',
      'delete it',
    ],
    ['{{ with .A }}a{{ else }}b{{ else if .B }}c{{ end }}', 'of the same block', 'delete it'],
    ['{{ /* a */ }}', 'cannot be read from `/* a */ }}` on', 'names, .fields'],
    ['{{ {x} }}', 'cannot be read from `{x} }}` on', ''],
    ['{{/* a */ }}', 'has `{{/* a */` without `}}` right behind it', 'all that its braces hold'],
    ['{{/* a }}', 'which is never closed', 'close it with `*/}}`'],
    ['{{ (.A }}', 'whose parentheses do not match', 'each `(`'],
    ['{{ .A) }}', 'whose parentheses do not match', 'each `(`'],
    ['{{ "a"`b` }}', 'with ``b`` right behind an argument', 'a space between'],
    ['{{ len(.A) }}', 'with `(` right behind an argument', 'a space between'],
    ['{{ "a".B }}', 'with `.B` of what has no fields', ''],
    ['{{ | len }}', 'with nothing before a `|`', ''],
    ['{{ .A | "b" }}', 'with `"b"` behind a `|`', 'a function, a field or a variable'],
    ['{{ $x }}', 'with `$x`, which is declared nowhere before', 'write `{{ $x := … }}`'],
    ['{{ if .A }}{{ $x := 1 }}{{ end }}{{ $x }}', 'declared nowhere before', ''],
    ['{{ define "d" }}{{ $x }}{{ end }}', 'declared nowhere before', ''],
    ['{{ $x := }}', 'with a variable that gets no value', ''],
    ['{{ $x, $y := .A }}', 'with more variables than it can declare', 'only a range'],
    ['{{ "\\q" }}', 'which Go cannot read', 'backslashes twice'],
    ["{{ 'ab' }}", 'which Go cannot read', 'one character'],
    ['{{ 09 }}', 'which Go cannot read', 'numbers are such as'],
    ['{{ .A end }}', 'with `end` where a value belongs', 'an action of its own'],
    ['{{ end .A }}', 'with more than its word', 'delete'],
    ['{{ if .A }}{{ else with .B }}{{ end }}', 'in a block of `if`', 'block of its own'],
    ['{{ break }}', 'outside of a `{{ range … }}`', ''],
    ['{{ range .A }}{{ else }}{{ break }}{{ end }}', 'outside of a `{{ range … }}`', ''],
    ['{{ template .A }}', 'without the name of a template', 'quotation marks'],
    ['{{ if .A }}{{ define "b" }}{{ end }}{{ end }}', 'inside of a block', 'before everything else'],
    ['{{ define "b" }}1{{ end }}{{ define "b" }}2{{ end }}', 'of a second template `b`', 'another name'],
    [`{{ ${'('.repeat(10_001)}.A${')'.repeat(10_001)} }}`, 'too many parentheses', 'variables'],
    ['{{ .A | toLowr }}', 'calls `toLowr`', 'did you mean `toLower`?'],
    ['{{ .A | default "b" }}', 'calls `default`', 'functions are: toUpper'],
  ])('%j is none', (text, problem, fix) => {
    const objection = objectToTemplate(text);
    expect(objection?.problem).toContain(problem);
    expect(objection?.fix).toContain(fix);
  });

  it('may be empty, unless something has to be there', () => {
    expect(objectToTemplate('', { mayBeEmpty: false })?.problem).toBe('is empty');
    expect(objectToTemplate(7)?.problem).toBe('must be text, not a number');
  });

  it('takes no longer to judge than it is long', () => {
    const started = workedMs();
    for (const piece of [
      '{{ "',
      '{{ (',
      '{{ define "',
      '{{ 1_',
      '{{ .A',
      '{{',
      '{{ if',
      '{{/*',
      '{{ `',
      "{{ '\\",
    ])
      objectToTemplate(piece.repeat(100_000));
    for (const piece of ['{{ $x := 1 }}', '{{ if 1 }}', '{{ range .A }}{{ end }}'])
      objectToTemplate(piece.repeat(10_000));
    expect(workedMs() - started).toBeLessThan(3_000);
  });
});

it('knows functions from fields, variables, strings and comments', () => {
  const text =
    '{{ toJson .toUpper $title "match" `join` | reReplaceAll "a" "b" }}{{/* now */}}{{ title .x }}';
  expect(functionsIn(actionsIn(text).actions)).toEqual(['toJson', 'reReplaceAll', 'title']);
});
