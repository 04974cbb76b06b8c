import { EXIT } from '../../platform/exit-codes.ts';
import type { ErrorKind } from '../../platform/errors.ts';
import { nearest } from '../../platform/nearest.ts';
import type { PackAlert } from '../../rules/pack.ts';
import type { Command, CommandResult } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { outlineOf, runbookOf, shippedAlerts } from '../shipped-alerts.ts';

export const explainCommand: Command = {
  description:
    'Every error carries a code, and every alert that Leitstand ships has a runbook page. This says\n' +
    'what stands behind one, and what to do about it.',
  arguments: [
    {
      name: 'code',
      description: 'such as LS-CONFIG-004, or an alert such as TargetDown; without it, all of them',
      required: false,
      offers: 'explainable',
    },
  ],
  examples: [
    { command: 'leitstand explain LS-DEPLOY-003', shows: 'one code' },
    { command: 'leitstand explain BackupStale', shows: 'the runbook page of an alert' },
    { command: 'leitstand explain', shows: 'all codes and alerts, a line each' },
  ],
  run: async (context, input) => {
    const [wanted] = input.args;
    const kinds = await context.catalog.errorKinds();
    const code = wanted?.toUpperCase() ?? '';
    const kind = kinds.get(code);
    if (kind) return explainCode(code, kind);
    const alerts = await shippedAlerts(context.catalog);
    if (wanted === undefined) return explainNothing(kinds, alerts);
    const alert = alerts.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
    if (alert) return explainAlert(alert);
    const near = nearest(wanted, [...kinds.keys(), ...alerts.map(({ name }) => name)]);
    throw cliErrors.error('LS-CLI-003', {
      what: `there is no error code and no alert ${wanted}`,
      fix:
        near === undefined
          ? 'leitstand explain lists them all'
          : `did you mean \`leitstand explain ${near}\`?`,
    });
  },
};

function explainCode(code: string, kind: ErrorKind): CommandResult {
  return {
    exit: EXIT.ok,
    text: `${code}: ${kind.title}  (exit ${kind.exit})\n\n${wrap(kind.explanation, 90)}`,
    json: { code, exit: kind.exit, title: kind.title, explanation: kind.explanation },
  };
}

async function explainAlert(alert: PackAlert): Promise<CommandResult> {
  const page = await runbookOf(alert);
  const parameters = Object.entries(alert.parameters).map(
    ([name, { default: value, unit, min, max, description }]) => ({
      name,
      default: value,
      unit,
      min,
      max,
      description,
    }),
  );
  return {
    exit: EXIT.ok,
    text: `${page.trimEnd()}\n\nAs shipped: ${outlineOf(alert)}. \`rules.alerts\` in leitstand.yaml changes it.`,
    json: {
      alert: alert.name,
      severity: alert.severity,
      for: alert.for,
      parameters,
      summary: alert.annotations.en.summary,
      runbook: page,
    },
  };
}

function explainNothing(kinds: ReadonlyMap<string, ErrorKind>, alerts: readonly PackAlert[]): CommandResult {
  const codes = [...kinds].map(([code, { title }]) => `${code}  ${title}`).sort();
  const names = alerts.map(({ name }) => name).sort();
  return {
    exit: EXIT.ok,
    text: [...codes, '', 'Alerts', ...names.map((name) => `  ${name}`)].join('\n'),
    json: [...[...kinds.keys()].sort(), ...names],
  };
}

function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
