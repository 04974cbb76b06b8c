import { SEEN_ANNOTATION } from '../../stack/delivery.ts';
import type { Medium } from './media.ts';

/** `seen`: of test alerts, a page on which a person says that the message was seen. */
export type LinkKind = 'seen' | 'runbook' | 'dashboard' | 'query' | 'silence';

/** `group`: `.` is a group of alerts; `alert`: it is one of them. */
export type LinkScope = 'group' | 'alert';

/** In the order in which somebody needs them. */
export const LINK_KINDS: readonly LinkKind[] = ['seen', 'runbook', 'dashboard', 'query', 'silence'];

/** Nothing else becomes a link: `!channel` in `<…|Runbook>` would call everybody, `javascript:` would run. */
const URL_PATTERN = '`^https?://[^\\s<>|"/?#][^\\s<>|"]*$`';

/** Bytes. Slack leaves out a button with a longer one (docs.slack.dev), and no browser has to take one. */
const LONGEST_URL = 3000;

/** Annotations that may hold the URL, the first that is one counts. */
const ANNOTATIONS = {
  runbook: ['runbook_url'],
  dashboard: ['dashboard_url', 'dashboard'],
  seen: [SEEN_ANNOTATION],
} as const;

/**
 * What `present` makes of the link's expression where there is such a link, else `absent`. The expression is a value:
 * print it with `shown`. For `silence` use `silenceUrl`, which is no single value.
 */
export function whenLinked(
  kind: Exclude<LinkKind, 'silence'>,
  scope: LinkScope,
  present: (expression: string) => string,
  absent = '',
): string {
  const [first, ...others] = candidates(kind, scope).map(
    (expression) =>
      `if and (match ${URL_PATTERN} ${expression}) (le (len ${expression}) ${LONGEST_URL}) }}${present(expression)}`,
  );
  const rest = others.map((one) => `{{ else ${one}`).join('');
  return `{{ ${first}${rest}${absent === '' ? '' : `{{ else }}${absent}`}{{ end }}`;
}

function candidates(kind: Exclude<LinkKind, 'silence'>, scope: LinkScope): readonly string[] {
  if (kind === 'query') return [scope === 'alert' ? '.GeneratorURL' : '(index .Alerts 0).GeneratorURL'];
  const annotations = scope === 'alert' ? '.Annotations' : '.CommonAnnotations';
  return ANNOTATIONS[kind].map((name) => `${annotations}.${name}`);
}

/** The command that the shipped alerts have for a runbook, which is no link: `leitstand explain DiskFull`. */
export function runbookCommand(scope: LinkScope): string {
  return scope === 'alert' ? '.Annotations.runbook' : '.CommonAnnotations.runbook';
}

/** Characters of a label in a silence. */
const LONGEST_VALUE = 200;

/**
 * URL of Alertmanager's form for a new silence, filled with the labels that the group's alerts share; `.` is the group.
 * The form's reader (ui/app/src/Utils/Filter.elm) takes values as they are up to 0.31 and as JSON strings from 0.32
 * on, so that a quote, a backslash or a line break means something else in each: such a value becomes a pattern with a
 * dot in the place of each odd character. So does a long one, of which the beginning is enough.
 */
export function silenceUrl(medium: Medium): string {
  const print =
    medium === 'html'
      ? // html/template encodes in a URL by itself, and allows `urlquery` in no pipeline that goes on.
        (expression: string) => `{{ ${expression} }}`
      : (expression: string) => `{{ urlquery (${expression}) | reReplaceAll "\\\\+" "%20" }}`;
  const odd = `\`["\\\\\\x00-\\x1f\\x7f]|(?s:.{${LONGEST_VALUE}}.)\``;
  const pattern = `reReplaceAll \`(?s)^(.{${LONGEST_VALUE}}).+$\` "$\{1}.*" (reReplaceAll \`[^\\pL\\pN_ -]\` "." $pair.Value)`;
  return `{{ .ExternalURL }}/#/silences/new?filter=%7B{{ range $i, $pair := .CommonLabels.SortedPairs }}{{ if $i }}%2C%20{{ end }}${print('$pair.Name')}%3D{{ if match ${odd} $pair.Value }}~%22%28%3Fs%29${print(pattern)}{{ else }}%22${print('$pair.Value')}{{ end }}%22{{ end }}%7D`;
}

/** URL of the group's alerts in Alertmanager; `.` is the group. */
export const ALERTS_URL = '{{ .ExternalURL }}/#/alerts';
