import { cardText, cardTitle } from '../../delivery/cards/card-text.ts';
import { commonFindings, sentIn, withoutCommon } from '../../delivery/preview/findings.ts';
import type {
  CasePreview,
  IntegrationPreview,
  PreviewReport,
  SentMessage,
} from '../../delivery/preview/report.ts';
import { formatElapsed } from '../../platform/units.ts';
import { plural, table } from '../terminal.ts';

/** Every message as it reads, integration by integration. */
export function previewText(report: PreviewReport): string {
  return [
    ...report.integrations.flatMap((integration) => [...integrationText(integration), '']),
    ...notShownText(report),
    lastLine(report),
  ].join('\n');
}

/** A line for each case: what a page beside it shows whole. */
export function outlineText(report: PreviewReport): string {
  return [
    table(
      report.integrations.flatMap((one) => one.cases.map((shown) => [...nameOf(one), ...outline(shown)])),
    ),
    ...report.integrations.flatMap(findingLines),
    '',
    ...notShownText(report),
    lastLine(report),
  ].join('\n');
}

/** What is worth knowing, with the case that it is about. */
function findingLines(integration: IntegrationPreview): string[] {
  const common = commonFindings(integration);
  const name = nameOf(integration).join(' ');
  return [
    ...common.map((line) => `${name}, every message: ${line}`),
    ...sentIn(integration.cases).flatMap((one) =>
      withoutCommon(one, common).findings.map((line) => `${name}, ${one.case}: ${line}`),
    ),
  ];
}

function integrationText(integration: IntegrationPreview): string[] {
  const common = commonFindings(integration);
  const { place } = integration;
  return [
    [...nameOf(integration), ...(place === undefined ? [] : [place])].join('  '),
    ...common.map((line) => `  in every message: ${line}`),
    ...integration.cases.flatMap((one) => caseText(one, common)),
  ];
}

function caseText(one: CasePreview, common: readonly string[]): string[] {
  if (!('message' in one))
    return [`  ${one.case}: ${one.outcome === 'failed' ? 'NO MESSAGE' : 'nothing is sent'}: ${one.why}`];
  const { findings } = withoutCommon(one, common);
  return [
    `  ${one.case}${one.outcome === 'refused' ? ': REFUSED' : ''}`,
    ...one.message.problems.map((line) => `    mistake: ${line}`),
    ...messageText(one)
      .flatMap((text) => text.split(/\r\n|\r|\n/))
      .map((line) => `    ${shortened(line)}`.trimEnd()),
    ...findings.map((line) => `    note: ${line}`),
  ];
}

/** Enough for every link; whole it is in `--json` and `--html`. */
const LONGEST = 600;

function shortened(line: string): string {
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}… (${line.length} characters)`;
}

function messageText({ card, message }: SentMessage): string[] {
  return card === undefined ? [message.title, ...message.text.split('\n')] : cardText(card);
}

function outline(one: CasePreview): string[] {
  if (!('message' in one))
    return [one.case, one.outcome === 'failed' ? 'NO MESSAGE' : 'nothing sent', one.why];
  const { message, card, outcome } = one;
  const title = (card && cardTitle(card)) ?? message.title;
  return [one.case, outcome === 'refused' ? 'REFUSED' : 'accepted', [title, ...message.problems].join('; ')];
}

function notShownText({ notShown }: PreviewReport): string[] {
  if (notShown.length === 0) return [];
  return [...notShown.map((one) => `not shown: ${nameOf(one).join(' ')}: ${one.why}`), ''];
}

function lastLine({ integrations, alertmanager, elapsedMs }: PreviewReport): string {
  const sent = integrations.flatMap(({ cases }) => sentIn(cases)).length;
  return `${plural(sent, 'message')} made by Alertmanager ${alertmanager} in ${formatElapsed(elapsedMs)}; nothing was sent to anybody`;
}

function nameOf({
  receiver,
  type,
  index,
}: Pick<IntegrationPreview, 'receiver' | 'type' | 'index'>): string[] {
  return [receiver, `${type}[${index}]`];
}
