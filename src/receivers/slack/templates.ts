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
import { runbookCommand, silenceUrl, whenLinked } from '../texts/links.ts';
import { cut, SLACK_ESCAPE, shown } from '../texts/media.ts';
import { type Words, WORDS } from '../texts/words.ts';

/** Slack leaves out a button whose URL is none (docs.slack.dev, legacy link buttons), and keeps one without any. */
const NO_BUTTON = '-';
const NOTHING = '–';

/** A text of 700 characters is folded away; what is cut here stands in Alertmanager. */
const MAX_TEXT = 400;
const MAX_IN_LIST = 120;

const print = (expression: string): string => shown('slack', cut(expression, MAX_TEXT));
const printLine = (expression: string, characters = MAX_TEXT): string =>
  shown('slack-line', cut(expression, characters));

/** Defines `leitstand.slack.title`, `.fallback`, `.text`, `.color`, one for each field and one for each button. */
export function slackTemplates(language: Language): TemplateFile {
  const words = WORDS[language];
  const { headline } = groupFragments(language, 'slack-line');
  const blocks = {
    color: `{{ if ${IS_OVER} }}good{{ else if ${IS_TEST} }}#439fe0{{ else if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}`,
    title: headline,
    // In front of a title of the user's own: nobody shall take a test for an alert.
    mark: `{{ if ${IS_TEST} }}🧪 ${words.test} {{ end }}`,
    // What phones and screen readers show. It names the alert however title and text were rewritten: a test is known by it.
    fallback: `${headline}{{ if .CommonAnnotations.summary }}: ${printLine('.CommonAnnotations.summary')}{{ end }}`,
    text: `{{ if gt (len .Alerts) 1 }}${manyAlerts(language)}{{ else }}{{ with index .Alerts 0 }}${oneAlert(words)}{{ end }}{{ end }}${seenLink(words)}`,
    workspace: sharedLabel(words, ['workspace_id']),
    instance: sharedLabel(words, ['instance', 'probe']),
    since: sinceText(language),
    runbook: whenLinked('runbook', 'group', asIs, NO_BUTTON),
    dashboard: whenLinked('dashboard', 'group', asIs, NO_BUTTON),
    query: whenLinked('query', 'group', asIs, NO_BUTTON),
    silence: `{{ if or ${IS_OVER} ${IS_TEST} }}${NO_BUTTON}{{ else }}${silenceUrl('text')}{{ end }}`,
  };
  const defined = Object.entries(blocks).map(
    ([name, content]) => `{{ define "leitstand.slack.${name}" }}${content}{{ end }}\n`,
  );
  return { name: `slack.${language}.tmpl`, content: SLACK_ESCAPE + defined.join('') };
}

/** Buttons take URLs as they are: nothing in them is read as text. */
function asIs(expression: string): string {
  return `{{ ${expression} }}`;
}

/** Few lines: Slack folds a text of 700 characters or five line breaks away. */
function oneAlert(words: Words): string {
  return `${line(words.summary, '.Annotations.summary')}${line(words.description, '.Annotations.description')}${line(words.impact, '.Annotations.impact')}${commandLine(words, 'alert')}`;
}

function manyAlerts(language: Language): string {
  const words = WORDS[language];
  const item = (expression: string) => printLine(expression, MAX_IN_LIST);
  const about = `{{ if .Labels.instance }}${item('.Labels.instance')}{{ else if .Labels.probe }}${item('.Labels.probe')}{{ else }}${item('.Labels.alertname')}{{ end }}`;
  const summary = `{{ if .Annotations.summary }}: ${item('.Annotations.summary')}{{ else if .Annotations.description }}: ${item('.Annotations.description')}{{ end }}`;
  const lasted = `{{ if ${IS_OVER} }} (${words.lasted} ${alertFragments.duration}){{ end }}`;
  return `${line(words.impact, '.CommonAnnotations.impact')}${eachShownAlert(`• ${about}${summary}${lasted}\n`, `${moreText(language)}\n`)}${commandLine(words, 'group')}`;
}

function line(word: string, expression: string): string {
  return `{{ if ${expression} }}*${word}:* ${print(expression)}\n{{ end }}`;
}

function commandLine(words: Words, scope: 'alert' | 'group'): string {
  const command = runbookCommand(scope);
  return whenLinked(
    'runbook',
    scope,
    () => '',
    `{{ if ${command} }}*${words.runbook}:* \`${printLine(command)}\`\n{{ end }}`,
  );
}

function seenLink(words: Words): string {
  return whenLinked('seen', 'group', (url) => `<${shown('slack', url)}|${words.seen}>\n`);
}

/** The labels of a test are all its mark and would say nothing. */
function sharedLabel(words: Words, labels: readonly string[]): string {
  const one = labels
    .map(
      (label, i) =>
        `${i === 0 ? 'if' : 'else if'} .CommonLabels.${label} }}${printLine(`.CommonLabels.${label}`)}{{ `,
    )
    .join('');
  return `{{ if ${IS_TEST} }}${NOTHING}{{ else }}{{ ${one}else if gt (len .Alerts) 1 }}${words.several}{{ else }}${NOTHING}{{ end }}{{ end }}`;
}

function sinceText(language: Language): string {
  const { since, duration } = groupFragments(language, 'slack-line');
  return `${since}{{ if ${IS_OVER} }}, ${WORDS[language].lasted} ${duration}{{ end }}`;
}
