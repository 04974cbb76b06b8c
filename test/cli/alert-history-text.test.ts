import { expect, it } from 'vitest';
import { historyText } from '../../src/cli/commands/alert-history.ts';

const NOW = new Date('2026-11-27T10:00:00Z');

it('lists tests past Alertmanager also when there is no other yet', () => {
  const text = historyText(
    {
      deliveries: [
        {
          id: 1,
          at: NOW.toISOString(),
          nonce: 'abcdef012345',
          mode: 'direct',
          receiver: 'team',
          type: 'email',
          index: 0,
          verdict: 'FAILED',
          reason: '535',
        },
      ],
      integrations: [],
    },
    NOW,
  );
  expect(text).toContain('team      email[0]     test (direct)  FAILED');
  expect(text).not.toContain('P95');
});

it('says when there is nothing', () => {
  expect(historyText({ deliveries: [], integrations: [] }, NOW)).toMatch(/^Nothing is known/);
});
