import { expect, it } from 'vitest';
import { withInboxNote } from '../../src/cli/alert-test/inbox-note.ts';
import type { DeliveryReport, IntegrationReport } from '../../src/delivery/report.ts';

const one = (type: string, evidenceKind: 'inbox' | 'counters'): IntegrationReport => ({
  receiver: 'on-call',
  type,
  index: 0,
  verdict: evidenceKind === 'inbox' ? 'CONFIRMED' : 'ACCEPTED',
  evidenceKind,
});
const report: DeliveryReport = {
  mode: 'alertmanager',
  nonce: 'abcdef012345',
  exit: 0,
  integrations: [one('slack', 'counters'), one('pagerduty', 'inbox')],
  resolved: true,
  notes: ['first'],
  elapsedMs: 1,
};

it('in production says whose messages ended in the inbox', () => {
  const { notes } = withInboxNote(report, 'production');
  expect(notes).toHaveLength(2);
  expect(notes[1]).toMatch(
    /^on-call pagerduty\[0\]: this is production, and that leads to the inbox .*nobody is told/,
  );
});

it('is silent elsewhere, and where nothing ended there', () => {
  expect(withInboxNote(report, 'staging').notes).toEqual(['first']);
  const real = { ...report, integrations: [one('slack', 'counters')] };
  expect(withInboxNote(real, 'production').notes).toEqual(['first']);
});
