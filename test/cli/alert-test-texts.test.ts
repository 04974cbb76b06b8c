import { expect, it } from 'vitest';
import { reportText } from '../../src/cli/alert-test/texts.ts';
import type { DeliveryReport, IntegrationReport } from '../../src/delivery/report.ts';

const one = (more: Partial<IntegrationReport>): IntegrationReport => ({
  receiver: 'on-call',
  type: 'slack',
  index: 0,
  verdict: 'CONFIRMED',
  ...more,
});
const report = (more: Partial<DeliveryReport>): DeliveryReport => ({
  mode: 'alertmanager',
  nonce: 'abcdef012345',
  exit: 0,
  integrations: [],
  resolved: true,
  notes: [],
  elapsedMs: 1,
  ...more,
});

it('says everything that somebody has to know, and what to do', () => {
  const text = reportText(
    report({
      integrations: [
        one({
          evidence: 'inbox message 7',
          latencyMs: 16.4,
          end: { arrived: true, latencyMs: 900 },
          notes: ['DUPLICATE: 2 copies'],
        }),
        one({
          index: 1,
          verdict: 'ACCEPTED',
          evidence: 'taken',
          end: { arrived: false, note: 'it did not come' },
        }),
        one({ receiver: 'team', verdict: 'FAILED', stage: 'send', reason: 'refused', fix: 'leitstand up' }),
      ],
      resolved: false,
      notes: ['the last reload failed'],
    }),
    'accepted',
  );
  expect(`\n${text}\n`).toBe(`
on-call  slack[0]  CONFIRMED  16 ms  inbox message 7
on-call  slack[1]  ACCEPTED          taken
team     slack[0]  FAILED

team slack[0]: FAILED at stage \`send\`
  why: refused
  fix: leitstand up

on-call slack[0]: DUPLICATE: 2 copies

note: the last reload failed

1 of 2 were told the end as well:
  not on-call slack[1]: it did not come
2 of 3 integrations proven; test alert abcdef012345 could NOT be resolved: it ends by itself
`);
});

it('names the routes where routes are tested, and counts what reaches the standard', () => {
  const text = reportText(
    report({
      integrations: [one({ route: 'team="water"' }), one({ route: 'everything else', verdict: 'ACCEPTED' })],
    }),
    'confirmed',
  );
  expect(text).toMatch(/^team="water" +on-call {2}slack\[0\] {2}CONFIRMED$/m);
  expect(text).toContain('1 of 2 integrations CONFIRMED; test alert');
});

it('says what is not possible past Alertmanager', () => {
  const text = reportText(
    report({
      mode: 'direct',
      integrations: [one({ evidence: 'example.org answered: ok' })],
      notPossible: [{ receiver: 'team', type: 'msteams', index: 0, why: 'only through Alertmanager' }],
      notes: ['no proof'],
    }),
    'accepted',
  );
  expect(text).toMatch(/^team {5}msteams\[0\] {2}not possible +only through Alertmanager$/m);
  expect(text).toContain('1 of 1 integrations took the message abcdef012345');
});

it('says when nobody is told', () => {
  const note = 'severity="none": tells nobody';
  expect(reportText(report({ notes: [note] }), 'accepted')).toBe(
    `note: ${note}\n\nnobody is told; test alert abcdef012345 is resolved`,
  );
  expect(reportText(report({ mode: 'direct' }), 'accepted')).toBe('nothing was sent');
});
