import type { Language } from '../../stack/language.ts';
import {
  alertFragments,
  eachShownAlert,
  groupFragments,
  IS_OVER,
  IS_TEST,
  moreText,
} from '../texts/fragments.ts';
import { ALERTS_URL, type LinkScope, runbookCommand, silenceUrl, whenLinked } from '../texts/links.ts';
import { cut, shown } from '../texts/media.ts';
import { type Words, WORDS } from '../texts/words.ts';
import { whenUnexplained } from './unexplained.ts';

/** Longer values push the other alerts out of sight, and Gmail folds long mails away. */
const LONGEST = 1000;
const print = (expression: string): string => shown('line', cut(expression, LONGEST));
const printUrl = (expression: string): string => shown('line', expression);

/** What phones show first, screen readers read, and search finds: no value makes a line of its own. */
export function textPart(language: Language): string {
  const words = WORDS[language];
  const group = groupFragments(language, 'line');
  return [
    `${group.headline}\n`,
    `${words.since}: ${group.since}{{ if ${IS_OVER} }}, ${words.lasted} ${group.duration}{{ end }}\n`,
    `{{ if ${IS_TEST} }}${words.nothingIsWrong} (${print(IS_TEST)})\n{{ end }}`,
    whenLinked('seen', 'group', (url) => `${words.seen}: ${printUrl(url)}\n`),
    '\n',
    eachShownAlert(alertText(words), `${moreText(language)}\n\n`),
    `{{ if not (or ${IS_OVER} ${IS_TEST}) }}${words.silence}: ${silenceUrl('text')}\n{{ end }}`,
    `${words.overview}: ${ALERTS_URL}\n`,
    `\n-- \nLeitstand, Alertmanager, ${print('.Receiver')}\n`,
  ].join('');
}

function alertText(words: Words): string {
  const title = `{{ if .Annotations.summary }}${print('.Annotations.summary')}{{ else }}${print('.Labels.alertname')}{{ end }}`;
  return [
    `* ${title}\n`,
    `{{ if .Annotations.description }}  ${print('.Annotations.description')}\n{{ end }}`,
    line(words.impact, '.Annotations.impact'),
    `{{ if not $${IS_TEST} }}${factsAbout(words)}{{ end }}`,
    runbook(words, 'alert'),
    link('dashboard', words.dashboard),
    link('query', words.query),
    '\n',
  ].join('');
}

/** What the head of the mail does not say of all of them already. */
function factsAbout(words: Words): string {
  const times = `  ${words.since}: ${alertFragments.since}{{ if ${IS_OVER} }}, ${words.lasted} ${alertFragments.duration}{{ end }}\n`;
  return [
    `{{ if not $.CommonLabels.severity }}${line(words.severity, '.Labels.severity')}{{ end }}`,
    `{{ if not $.CommonLabels.workspace_id }}${line(words.workspace, '.Labels.workspace_id')}{{ end }}`,
    line(words.probe, '.Labels.probe'),
    line(words.instance, '.Labels.instance'),
    `{{ if gt (len $.Alerts) 1 }}${times}{{ end }}`,
    whenUnexplained(`  ${print('.Name')}: ${print('.Value')}\n`),
  ].join('');
}

function line(word: string, expression: string): string {
  return `{{ if ${expression} }}  ${word}: ${print(expression)}\n{{ end }}`;
}

function runbook(words: Words, scope: LinkScope): string {
  return whenLinked(
    'runbook',
    scope,
    (url) => `  ${words.runbook}: ${printUrl(url)}\n`,
    line(words.runbook, runbookCommand(scope)),
  );
}

function link(kind: 'dashboard' | 'query', word: string): string {
  return whenLinked(kind, 'alert', (url) => `  ${word}: ${printUrl(url)}\n`);
}
