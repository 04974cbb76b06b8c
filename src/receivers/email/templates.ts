import type { Language } from '../../stack/language.ts';
import type { TemplateFile } from '../../stack/receiver.ts';
import { IS_OVER, IS_TEST } from '../texts/fragments.ts';
import { inOneLine } from '../texts/media.ts';
import { type Words, WORDS } from '../texts/words.ts';
import { htmlPart } from './html-part.ts';
import { textPart } from './text-part.ts';

/** With these names own texts can use what is here. */
export const TEMPLATE_NAMES = {
  subject: 'leitstand.email.subject',
  text: 'leitstand.email.text',
  html: 'leitstand.email.html',
  alert: 'leitstand.email.alert',
  thread: 'leitstand.email.thread',
} as const;

export function emailTemplates(language: Language): TemplateFile {
  const blocks = {
    subject: subject(WORDS[language]),
    alert: `${shortened('$text', '.CommonLabels.alertname')}{{ if ${IS_TEST} }} ${shortened('$mark', IS_TEST)}{{ end }}`,
    thread: THREAD,
    text: textPart(language),
    html: htmlPart(language),
  };
  const names = Object.keys(blocks) as (keyof typeof blocks)[];
  return {
    name: `email.${language}.tmpl`,
    content: names.map((name) => `{{ define "${TEMPLATE_NAMES[name]}" }}${blocks[name]}{{ end }}\n`).join(''),
  };
}

/** `[CRITICAL][rathaus-nord] DiskFull (3)`, `[RESOLVED][rathaus-nord] DiskFull (3)`, `[TEST][CRITICAL] …`. */
function subject(words: Words): string {
  const kind = `{{ $kind := "${words.alert}" }}{{ if ${IS_OVER} }}{{ $kind = "${words.resolved.toUpperCase()}" }}{{ else if .CommonLabels.severity }}{{ $kind = toUpper .CommonLabels.severity }}{{ end }}`;
  const mark = `{{ $mark := "" }}{{ if ${IS_TEST} }}{{ $mark = "[${words.test}]" }}{{ end }}`;
  const workspace = `{{ $workspace := "" }}{{ if and .CommonLabels.workspace_id (not ${IS_TEST}) }}{{ $workspace = printf "[%s]" .CommonLabels.workspace_id }}{{ end }}`;
  const name = `{{ $name := .CommonLabels.alertname }}{{ if not $name }}{{ $name = "${words.nameless}" }}{{ end }}`;
  const count = `{{ $number := len .Alerts.Firing }}{{ if ${IS_OVER} }}{{ $number = len .Alerts }}{{ end }}{{ $count := "" }}{{ if gt $number 1 }}{{ $count = printf " (%d)" $number }}{{ end }}`;
  return `${kind}${mark}${workspace}${name}${count}${shortened('$subject', 'printf "%s[%s]%s %s%s" $mark $kind $workspace $name $count')}`;
}

/** Above this an encoded header line of Alertmanager, which it never folds, would pass the 998 characters of RFC 5322. */
const MAX_BYTES = 240;
/** As many characters of four bytes each fit. */
const SHORT = 60;

/** Of a header: one line, and not too long. `variable` is one that is not used yet. */
function shortened(variable: string, expression: string): string {
  return `{{ ${variable} := ${inOneLine(expression)} }}{{ if gt (len ${variable}) ${MAX_BYTES} }}{{ printf "%.${SHORT}s…" ${variable} }}{{ else }}{{ ${variable} }}{{ end }}`;
}

/**
 * For the header `References` of an Alertmanager without threads of its own: the same for all mails about one group,
 * and another when its first alert began on another day. Mail programs make a thread of it though no mail has this id.
 */
const THREAD = `{{ $key := "" }}{{ range .GroupLabels.SortedPairs }}{{ $key = printf "%s/%s" $key .Value }}{{ end }}<alert{{ printf "%.200s" (urlquery $key) | reReplaceAll "\\\\." "%2E" }}-{{ (index .Alerts 0).StartsAt.UTC.Format "2006-01-02" }}@leitstand>`;
