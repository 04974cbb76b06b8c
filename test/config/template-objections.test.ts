import { describe, expect, it } from 'vitest';
import { functionsIn } from '../../src/config/template-language.ts';
import { objectToTemplate } from '../../src/config/template-objections.ts';
import { workedMs } from '../fixtures/cpu-time.ts';

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
    ['{{ .A }}{{ end }}', 'an `{{ end }}` too many', 'delete it'],
    ['{{ else }}', 'outside of a block', 'before it'],
    [
      '{{ if .A }}a{{ else }}b{{- else -}}c{{ end }}',
      'behind the `{{ else }}` of the same block',
      'delete it',
    ],
    ['{{ with .A }}a{{ else }}b{{ else if .B }}c{{ end }}', 'of the same block', 'delete it'],
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
    for (const piece of ['{{ "', '{{', '{{ if', '{{/*', '{{ `', "{{ '\\"])
      objectToTemplate(piece.repeat(100_000));
    expect(workedMs() - started).toBeLessThan(3_000);
  });
});

it('knows functions from fields, variables, strings and comments', () => {
  const text =
    '{{ toJson .toUpper $title "match" `join` | reReplaceAll "a" "b" }}{{/* now */}}{{ title .x }}';
  expect(functionsIn(text)).toEqual(['toJson', 'reReplaceAll', 'title']);
});
