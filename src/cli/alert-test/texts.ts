import type { Audience } from '../../delivery/alerting.ts';
import {
  type DeliveryReport,
  type IntegrationReport,
  reaches,
  type Standard,
} from '../../delivery/report.ts';
import { formatElapsed } from '../../platform/units.ts';
import { isGoodVerdict } from '../../stack/delivery.ts';
import { table } from '../terminal.ts';

/** Whom a test tells, one line a receiver or route. */
export function audienceText(audience: readonly Audience[]): string {
  return table(
    audience.map(({ receiver, integrations, by, notes }) => [
      receiver,
      integrations.join(', ') || '(nobody)',
      by === '' ? 'what no other route takes' : by,
      notes.join('; '),
    ]),
  );
}

export function reportText(report: DeliveryReport, standard: Standard): string {
  const rows = [
    ...report.integrations.map((one) => [...nameCells(one, report), one.verdict, ...evidenceCells(one)]),
    ...(report.notPossible ?? []).map((one) => [
      one.receiver,
      `${one.type}[${one.index}]`,
      'not possible',
      '',
      one.why,
    ]),
  ];
  return [
    ...(rows.length === 0 ? [] : [table(rows)]),
    ...report.integrations.flatMap(problemLines),
    ...report.integrations.flatMap(noteLines),
    ...section(report.notes.map((note) => `note: ${note}`)),
    '',
    ...endLines(report),
    ...seenLines(report),
    lastLine(report, standard),
  ]
    .join('\n')
    .trimStart();
}

function nameCells({ receiver, type, index, route }: IntegrationReport, report: DeliveryReport): string[] {
  const name = [receiver, `${type}[${index}]`];
  const byRoute = report.integrations.some((one) => one.route !== undefined);
  return byRoute ? [route ?? '', ...name] : name;
}

function evidenceCells({ latencyMs, evidence }: IntegrationReport): string[] {
  return [latencyMs === undefined ? '' : `${Math.round(latencyMs)} ms`, evidence ?? ''];
}

function problemLines(one: IntegrationReport): string[] {
  if (isGoodVerdict(one.verdict)) return [];
  const stage = one.stage === undefined ? '' : ` at stage \`${one.stage}\``;
  return [
    '',
    `${nameOf(one)}: ${one.verdict}${stage}`,
    ...(one.reason === undefined ? [] : [`  why: ${one.reason}`]),
    ...(one.fix === undefined ? [] : [`  fix: ${one.fix}`]),
  ];
}

function noteLines(one: IntegrationReport): string[] {
  return section((one.notes ?? []).map((note) => `${nameOf(one)}: ${note}`));
}

function section(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

/** Whether those that tell the end were told. */
function endLines({ integrations }: DeliveryReport): string[] {
  const told = integrations.filter(({ end }) => end !== undefined);
  const missed = told.filter(({ end }) => end?.arrived !== true);
  if (told.length === 0) return [];
  const arrived = told.length - missed.length;
  return [
    `${arrived} of ${told.length} were told the end as well${missed.length === 0 ? '' : ':'}`,
    ...missed.map((one) => `  not ${nameOf(one)}: ${one.end?.note ?? ''}`),
  ];
}

function seenLines({ seen, integrations }: DeliveryReport): string[] {
  if (!seen) return [];
  const receivers = [...new Set(integrations.map(({ receiver }) => receiver))];
  return receivers.map((receiver) => {
    const one = seen.find((sighting) => sighting.receiver === receiver);
    return one
      ? `${receiver}: seen by a person after ${formatElapsed(one.afterMs)}`
      : `${receiver}: nobody said so far that it was seen`;
  });
}

const REACHED: Readonly<Record<Standard, string>> = {
  accepted: 'proven',
  confirmed: 'CONFIRMED',
  sent: 'at least SENT-UNCONFIRMED',
};

function lastLine(report: DeliveryReport, standard: Standard): string {
  const { mode, integrations, nonce, resolved, isOtherConfiguration } = report;
  const good = integrations.filter((one) => reaches(one, standard)).length;
  if (mode === 'direct' && integrations.length === 0) return 'nothing was sent';
  if (mode === 'direct') return `${good} of ${integrations.length} integrations took the message ${nonce}`;
  const end = resolved ? 'is resolved' : 'could NOT be resolved: it ends by itself';
  if (integrations.length === 0) return `nobody is told; test alert ${nonce} ${end}`;
  const reached = isOtherConfiguration ? 'were told, by another configuration' : REACHED[standard];
  return `${good} of ${integrations.length} integrations ${reached}; test alert ${nonce} ${end}`;
}

function nameOf({ receiver, type, index, route }: IntegrationReport): string {
  return `${route === undefined ? '' : `[${route}] `}${receiver} ${type}[${index}]`;
}
