import type { LeitstandError, Where } from './errors.ts';

const COLOURS = { code: '1;31', where: '36', fix: '32' } as const;

/**
 * An error as people read it, without a newline at the end: code and what, where, why, detail, fix. Control
 * characters in it are replaced, since a detail may quote a program's log or a damaged file.
 */
export function renderError(error: LeitstandError, options: { readonly colour: boolean }): string {
  const { what, where, why, detail, fix } = error.details;
  const paint = (style: keyof typeof COLOURS, text: string) =>
    options.colour ? `\u001B[${COLOURS[style]}m${text}\u001B[0m` : text;
  const lines = [`${paint('code', error.code)} ${indented(what, '  ')}`];
  if (where) lines.push(`  ${paint('where', printable(whereText(where)))}`);
  if (why !== undefined) lines.push(`  why: ${indented(why, '       ')}`);
  for (const line of detail ?? []) lines.push(`  ${indented(line, '  ')}`.trimEnd());
  if (fix !== undefined) lines.push(`  ${paint('fix', 'fix:')} ${indented(fix, '       ')}`);
  return lines.join('\n');
}

/** `file:line:column`, the form that terminals and editors make clickable. */
function whereText(where: Where): string {
  const { file, line, column } = where;
  if (line === undefined) return file;
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}

/** A text of several lines without control characters. */
export function printableText(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function indented(text: string, indent: string): string {
  return text.split(/\r?\n/).map(printable).join(`\n${indent}`);
}

function printable(text: string): string {
  return text.replaceAll('\t', '  ').replaceAll(/\p{Cc}|[\u202A-\u202E\u2066-\u2069]/gu, '\uFFFD');
}
