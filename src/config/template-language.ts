// Alertmanager's template language as far as a text tells by itself: Go's text/template, with functions of its own.

/** What alone may hold braces in an action: comments, strings, raw strings and characters. */
const LITERAL = String.raw`/\*[\s\S]*?\*/|"(?:[^"\\\n]|\\.)*"|\x60[^\x60]*\x60|'(?:[^'\\\n]|\\.)*'`;
const LITERALS = new RegExp(LITERAL, 'g');
const ACTION = new RegExp(String.raw`\{\{(?:${LITERAL}|[^"\x60'{}])*\}\}`, 'y');

/** From `{{` to `}}`; for the last one perhaps without it. */
export interface Action {
  readonly text: string;
  readonly isClosed: boolean;
}

export function actionsIn(text: string): readonly Action[] {
  const actions: Action[] = [];
  for (let at = text.indexOf('{{'); at !== -1; at = text.indexOf('{{', ACTION.lastIndex)) {
    ACTION.lastIndex = at;
    const [found] = ACTION.exec(text) ?? [];
    actions.push({ text: found ?? text.slice(at), isClosed: found !== undefined });
    if (found === undefined) break;
  }
  return actions;
}

/** `if`, `range`, `end`; empty for a value. */
export function keywordOf({ text }: Action): string {
  return (
    /^\{\{(?:-\s)?\s*(if|else|end|range|with|define|block|template|break|continue)\b/.exec(text)?.[1] ?? ''
  );
}

/** What Go's text/template has by itself, and its words that look like functions. */
const BUILT_IN: ReadonlySet<string> = new Set(
  (
    'and call html index slice js len not or print printf println urlquery eq ne lt le gt ge ' +
    'if else end range with define block template break continue nil true false'
  ).split(' '),
);

/** Alertmanager's own → first version that has it (template/template.go of 0.25.0 to 0.34.1; what is older is 0.25). */
export const FUNCTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '0.25': 'toUpper toLower title join match safeHtml reReplaceAll stringSlice',
    '0.26': 'trimSpace',
    '0.28': 'date tz since humanizeDuration',
    '0.30': 'safeUrl urlUnescape toJson',
    '0.32': 'list append dict',
    '0.33': 'now',
    '0.34': 'routeLabels toDate mustToDate base64encode base64decode',
  }).flatMap(([since, names]) => names.split(' ').map((name): [string, string] => [name, since])),
);

/** Names of functions that a text calls, those of Go left out. */
export function functionsIn(text: string): readonly string[] {
  const names = actionsIn(text).flatMap(
    ({ text: action }) =>
      // Without comments and strings; what stands behind a dot or a `$` is a field or a variable.
      action.replaceAll(LITERALS, ' ').match(/(?<![.$\w])[a-zA-Z_]\w*/g) ?? [],
  );
  return [...new Set(names)].filter((name) => !BUILT_IN.has(name));
}
