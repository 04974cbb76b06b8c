import type { DeliveryReport } from '../../delivery/report.ts';
import type { EnvironmentName } from '../../stack/stack.ts';

/** In production a message in the inbox is proof that nobody is told: a note names whose those are. */
export function withInboxNote(report: DeliveryReport, environment: EnvironmentName): DeliveryReport {
  if (environment !== 'production') return report;
  const inInbox = report.integrations.filter(({ evidenceKind }) => evidenceKind === 'inbox');
  const names = [...new Set(inInbox.map(({ receiver, type, index }) => `${receiver} ${type}[${index}]`))];
  if (names.length === 0) return report;
  const note = `${names.join(', ')}: this is production, and ${names.length === 1 ? 'that leads' : 'those lead'} to the inbox on this machine: nobody is told. Put the real address into .env or leitstand.yaml, then: leitstand up`;
  return { ...report, notes: [...report.notes, note] };
}
