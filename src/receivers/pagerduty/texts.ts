// What PagerDuty shows, in Alertmanager's template language with its functions of 0.25. Read aloud on the phone and cut in
// short messages: no signs, the most telling words first.
import type { Language } from '../../stack/language.ts';
import type { TemplateFile } from '../../stack/receiver.ts';
import {
  alertFragments,
  eachShownAlert,
  groupFragments,
  IS_OVER,
  IS_TEST,
  moreText,
} from '../texts/fragments.ts';
import {
  ALERTS_URL,
  LINK_KINDS,
  type LinkKind,
  runbookCommand,
  silenceUrl,
  whenLinked,
} from '../texts/links.ts';
import { cut, shown } from '../texts/media.ts';
import { type Words, WORDS } from '../texts/words.ts';
import type { Severity } from './event-rules.ts';

/**
 * In front of every detail. From 0.30 on Alertmanager reads a detail as YAML, and up to 0.33 as a template once more:
 * `a: b` in a label would become a mapping, and `{x: '{{ … }}'}` could make the whole message fail
 * (prometheus/alertmanager#5302). No YAML begins with a tab, so that a text stays a text.
 */
export const TEXT_MARK = '\t';

/**
 * Characters of a value. Above 512 KB PagerDuty refuses an event, and Alertmanager, which leaves the details out then,
 * leaves everything else in: one label must not keep its alert from being heard.
 */
const LONGEST = 1000;
/** Of what PagerDuty groups and sorts by. */
const LONGEST_NAME = 255;
/** In the summary, which Alertmanager cuts to 1024: names and number must stay in. */
const LONGEST_SAID = 400;

const print = (expression: string): string => shown('text', cut(expression, LONGEST));
const printLine = (expression: string, characters = LONGEST): string =>
  shown('line', cut(expression, characters));

/** For a detail that says nothing here: a message cannot leave one out. */
const NOTHING = '–';

/** A source must not be blank, in Unicode's sense. */
const SAYS_SOMETHING = 'match "[\\\\pL\\\\pN]"';

/** `{{ template "leitstand.pagerduty.summary" . }}` */
export function use(name: string): string {
  return `{{ template "leitstand.pagerduty.${name}" . }}`;
}

function define(name: string, content: string): string {
  return `{{ define "leitstand.pagerduty.${name}" }}${content}{{ end }}\n`;
}

export function pagerdutyTemplates(language: Language): TemplateFile {
  const words = WORDS[language];
  const { since, duration } = groupFragments(language, 'line');
  const about = `${isTestText(words)}${eachShownAlert(alertText(words), moreText(language))}`;
  return {
    name: `pagerduty.${language}.tmpl`,
    content: [
      define('summary', summary(language)),
      define('severity', severityText({})),
      define('source', SOURCE),
      define('class', printLine('.CommonLabels.alertname', LONGEST_NAME)),
      define('component', printLine('.CommonLabels.component', LONGEST_NAME)),
      define('group', printLine('.CommonLabels.workspace_id', LONGEST_NAME)),
      define('alerts', TEXT_MARK + about),
      define('firing', `{{ if ${IS_OVER} }}${NOTHING}{{ else }}${use('alerts')}{{ end }}`),
      define('resolved', `{{ if ${IS_OVER} }}${use('alerts')}{{ else }}${NOTHING}{{ end }}`),
      define('impact', detail('.CommonAnnotations.impact')),
      define('since', `${TEXT_MARK}${since}{{ if ${IS_OVER} }}, ${words.lasted} ${duration}{{ end }}`),
      define('workspace', detail('.CommonLabels.workspace_id')),
      ...LINK_KINDS.map((kind) => define(kind, linkText(kind))),
      define('client_url', ALERTS_URL),
    ].join(''),
  };
}

/** `TEST CRITICAL: DiskFull in rathaus-nord: the disk is almost full (3 alerts)` */
function summary(language: Language): string {
  const { testMark, severity, name, workspace, count } = groupFragments(language, 'line');
  const over = `{{ if ${IS_OVER} }} ${WORDS[language].resolved}{{ end }}`;
  const said = `{{ if .CommonAnnotations.summary }}: ${printLine('.CommonAnnotations.summary', LONGEST_SAID)}{{ end }}`;
  return `${testMark}${severity}${over}: ${name}${workspace}${said}${count}`;
}

/** In front of a summary that somebody else has written. */
export function testMark(language: Language): string {
  return groupFragments(language, 'line').testMark;
}

const OWN_SEVERITIES: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  warning: 'warning',
  info: 'info',
};
const OTHER_SEVERITY: Severity = 'error';
/** The worst first. */
const RANKS: readonly Severity[] = ['critical', 'error', 'warning', 'info'];

/** The worst of those that still fire: a group may hold several. Never anything but PagerDuty's four words. */
export function severityText(severities: Readonly<Record<string, Severity>>): string {
  const choices = Object.entries({ ...OWN_SEVERITIES, ...severities }).map(
    ([label, severity]) =>
      `if eq .Labels.severity ${JSON.stringify(label.toWellFormed())} }}{{ $${severity} = true }}`,
  );
  const found = `{{ ${choices.join('{{ else ')}{{ else }}{{ $${OTHER_SEVERITY} = true }}{{ end }}`;
  const [worst = OTHER_SEVERITY, ...others] = RANKS;
  const lesser = others.slice(0, -1).map((severity) => `{{ else if $${severity} }}${severity}`);
  return [
    ...RANKS.map((severity) => `{{ $${severity} := false }}`),
    `{{ $alerts := .Alerts.Firing }}{{ if ${IS_OVER} }}{{ $alerts = .Alerts.Resolved }}{{ end }}`,
    `{{ range $alerts }}${found}{{ end }}`,
    `{{ if $${worst} }}${worst}${lesser.join('')}{{ else }}${others.at(-1) ?? OTHER_SEVERITY}{{ end }}`,
  ].join('');
}

const SOURCE = [
  '{{ $first := index .Alerts 0 }}',
  ...['.CommonLabels.instance', '$first.Labels.instance', '.CommonLabels.workspace_id'].map(
    (expression, index) =>
      `{{ ${index === 0 ? '' : 'else '}if ${SAYS_SOMETHING} ${expression} }}${printLine(expression, LONGEST_NAME)}`,
  ),
  '{{ else }}Alertmanager{{ end }}',
].join('');

function detail(expression: string): string {
  return `{{ if ${expression} }}${TEXT_MARK}${print(expression)}{{ else }}${NOTHING}{{ end }}`;
}

/** Alertmanager leaves out a link that is empty. */
function linkText(kind: LinkKind): string {
  if (kind === 'silence') return silenceUrl('text');
  return whenLinked(kind, 'group', (expression) => shown('text', expression));
}

function isTestText(words: Words): string {
  return `{{ if ${IS_TEST} }}${words.nothingIsWrong}\n\n{{ end }}`;
}

/** One alert; the first line says what, the others where and since when. */
function alertText(words: Words): string {
  const { since, duration } = alertFragments;
  const line = (word: string, expression: string) =>
    `{{ if ${expression} }}${word}: ${printLine(expression)}\n{{ end }}`;
  return [
    `{{ if .Annotations.summary }}${printLine('.Annotations.summary')}{{ else }}${printLine('.Labels.alertname')}{{ end }}\n`,
    `{{ if .Annotations.description }}${print('.Annotations.description')}\n{{ end }}`,
    line(words.instance, '.Labels.instance'),
    line(words.probe, '.Labels.probe'),
    `${words.since}: ${since}{{ if eq .Status "resolved" }}, ${words.lasted} ${duration}{{ end }}\n`,
    whenLinked(
      'runbook',
      'alert',
      (expression) => `${words.runbook}: ${shown('text', expression)}\n`,
      line(words.runbook, runbookCommand('alert')),
    ),
    '\n',
  ].join('');
}
