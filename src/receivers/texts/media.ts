/**
 * Where a template's output goes. `text`: nothing is escaped (URLs by themselves). `line`: text in which white space,
 * line breaks and invisible characters (one may turn the direction of writing) are one blank. `html`: escaped by Go's
 * html/template, which knows where in the page a value stands. `slack`: by `SLACK_ESCAPE`, which the template file must
 * define. `slack-line`: both.
 */
export type Medium = 'text' | 'line' | 'html' | 'slack' | 'slack-line';

/**
 * Prints a value. Alertmanager escapes nothing for Slack: `<!channel>` in a label would call everybody. Slack's own
 * rule: `&`, `<` and `>`, nothing else (docs.slack.dev, formatting message text).
 */
export const SLACK_ESCAPE = `{{ define "leitstand.slack.escaped" }}{{ . | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;" }}{{ end }}
`;

/** The value of an expression, safe in the medium. */
export function shown(medium: Medium, expression: string): string {
  const value = medium === 'line' || medium === 'slack-line' ? inOneLine(expression) : expression;
  return medium === 'slack' || medium === 'slack-line'
    ? `{{ template "leitstand.slack.escaped" (${value}) }}`
    : `{{ ${value} }}`;
}

/** For an expression that is text. */
export function inOneLine(expression: string): string {
  return `reReplaceAll "[\\\\s\\\\pZ\\\\pC]+" " " (${expression})`;
}

/** For an expression that is text: its first characters, at most 1000, and `…` where there are more. */
export function cut(expression: string, characters: number): string {
  return `reReplaceAll "(?s)^(.{${characters}}).+$" "$\{1}…" (${expression})`;
}
