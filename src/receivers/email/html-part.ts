import type { Language } from '../../stack/language.ts';
import {
  alertFragments,
  eachShownAlert,
  groupFragments,
  IS_OVER,
  IS_TEST,
  moreText,
} from '../texts/fragments.ts';
import { ALERTS_URL, runbookCommand, silenceUrl, whenLinked } from '../texts/links.ts';
import { cut, shown } from '../texts/media.ts';
import { type Words, WORDS } from '../texts/words.ts';
import { BAND, INLINE, STYLE } from './html-style.ts';
import { whenUnexplained } from './unexplained.ts';

/** Longer values push the other alerts out of sight, and Gmail folds long mails away. */
const LONGEST = 1000;
const print = (expression: string): string => shown('html', cut(expression, LONGEST));
const printUrl = (expression: string): string => shown('html', expression);
const TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0"';

/**
 * Tables and inline styles, since that is what all mail programs draw; 600 px wide, or as wide as the screen; nothing
 * is loaded from anywhere. Values are escaped by Go's html/template, each for the place where it stands.
 */
export function htmlPart(language: Language): string {
  const words = WORDS[language];
  const rows = [
    band(language),
    note(words),
    eachShownAlert(
      row(`<td class="pad part ink" style="${INLINE.alert}">${alertCell(words)}</td>`),
      row(`<td class="pad part ink" style="${INLINE.more}">${moreText(language)}</td>`),
    ),
    row(`<td class="pad" style="${INLINE.last}">${groupLinks(words)}</td>`),
  ];
  return [
    `<!DOCTYPE html><html lang="${language}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>{{ template "leitstand.email.subject" . }}</title><style>${STYLE}</style></head>`,
    `<body class="page" style="${INLINE.body}">`,
    `<div style="${INLINE.preview}">${preview()}</div>`,
    `<table ${TABLE} width="100%" class="page" style="${INLINE.page}"><tr><td class="edge" align="center" style="padding:24px 12px;">`,
    forOutlook('<table role=\\"presentation\\" width=\\"600\\" align=\\"center\\"><tr><td>'),
    `<table ${TABLE} class="card" style="${INLINE.card}">${rows.join('')}</table>`,
    forOutlook('</td></tr></table>'),
    `<p class="soft" style="${INLINE.foot}">Leitstand · Alertmanager · ${print('.Receiver')}</p>`,
    '</td></tr></table></body></html>',
  ].join('\n');
}

/** Outlook on Windows knows no `max-width`. html/template drops comments but for this. */
function forOutlook(html: string): string {
  return `{{ safeHtml "<!--[if mso]>${html}<![endif]-->" }}`;
}

function row(cells: string): string {
  return `<tr>${cells}</tr>\n`;
}

/** What lists of mails show behind the subject. */
function preview(): string {
  return '{{ with index .Alerts 0 }}{{ if .Annotations.summary }}{{ .Annotations.summary }}{{ else }}{{ .Annotations.description }}{{ end }}{{ end }}';
}

function band(language: Language): string {
  const { testMark, severity, name, workspace, count, since, duration } = groupFragments(language, 'html');
  const words = WORDS[language];
  const kind = `${testMark}${severity}{{ if ${IS_OVER} }} ${words.resolved}{{ end }}`;
  const cell = [
    `<p style="${INLINE.kind}">${kind}</p>`,
    `<h1 class="name" style="${INLINE.name}">${name}${workspace}${count}</h1>`,
    `<p style="${INLINE.when}">${words.since} ${since}{{ if ${IS_OVER} }}, ${words.lasted} ${duration}{{ end }}</p>`,
  ].join('');
  const start = (colour: string) =>
    `<td class="pad" bgcolor="${colour}" style="background-color:${colour};${INLINE.band}">`;
  return row(
    `{{ if ${IS_OVER} }}${start(BAND.over)}{{ else if ${IS_TEST} }}${start(BAND.test)}{{ else if eq .CommonLabels.severity "critical" }}${start(BAND.critical)}{{ else if eq .CommonLabels.severity "info" }}${start(BAND.info)}{{ else }}${start(BAND.warning)}{{ end }}${cell}</td>`,
  );
}

function note(words: Words): string {
  const seen = whenLinked('seen', 'group', (url) => `<br>${link(printUrl(url), words.seen)}`);
  return `{{ if ${IS_TEST} }}${row(`<td class="pad note" style="${INLINE.note}">${words.nothingIsWrong} (${print(IS_TEST)})${seen}</td>`)}{{ end }}`;
}

function alertCell(words: Words): string {
  const title = `{{ if .Annotations.summary }}${print('.Annotations.summary')}{{ else }}${print('.Labels.alertname')}{{ end }}`;
  const facts = [
    fact(words.impact, '.Annotations.impact'),
    `{{ if not $${IS_TEST} }}${factsAbout(words)}{{ end }}`,
    whenLinked('runbook', 'alert', () => '', commandFact(words.runbook)),
  ];
  return [
    `<h2 class="ink" style="${INLINE.title}">${title}</h2>`,
    `{{ if .Annotations.description }}<p class="ink" style="${INLINE.text}">${print('.Annotations.description')}</p>{{ end }}`,
    `<table cellpadding="0" cellspacing="0" border="0" style="${INLINE.facts}">${facts.join('')}</table>`,
    alertLinks(words),
  ].join('');
}

/** What the band does not say of all of them already. */
function factsAbout(words: Words): string {
  const times = `${alertFragments.since}{{ if ${IS_OVER} }}, ${words.lasted} ${alertFragments.duration}{{ end }}`;
  return [
    `{{ if not $.CommonLabels.severity }}${fact(words.severity, '.Labels.severity')}{{ end }}`,
    `{{ if not $.CommonLabels.workspace_id }}${fact(words.workspace, '.Labels.workspace_id')}{{ end }}`,
    fact(words.probe, '.Labels.probe'),
    fact(words.instance, '.Labels.instance'),
    `{{ if gt (len $.Alerts) 1 }}${factRow(words.since, times)}{{ end }}`,
    whenUnexplained(factRow(print('.Name'), print('.Value'))),
  ].join('');
}

function factRow(word: string, value: string): string {
  return `<tr><th scope="row" class="soft" style="${INLINE.fact}">${word}</th><td class="ink" style="${INLINE.value}">${value}</td></tr>`;
}

function fact(word: string, expression: string): string {
  return `{{ if ${expression} }}${factRow(word, print(expression))}{{ end }}`;
}

function commandFact(word: string): string {
  const command = runbookCommand('alert');
  return `{{ if ${command} }}${factRow(word, `<code class="ink" style="${INLINE.code}">${print(command)}</code>`)}{{ end }}`;
}

function alertLinks(words: Words): string {
  const links = (['runbook', 'dashboard', 'query'] as const).map((kind) =>
    whenLinked(kind, 'alert', (url) => link(printUrl(url), words[kind])),
  );
  return `<div style="${INLINE.links}">${links.join('')}</div>`;
}

function groupLinks(words: Words): string {
  return `{{ if not (or ${IS_OVER} ${IS_TEST}) }}${link(silenceUrl('html'), words.silence)}{{ end }}${link(ALERTS_URL, words.overview)}`;
}

function link(address: string, words: string): string {
  return `<a class="link" href="${address}" style="${INLINE.link}">${words}</a>`;
}
