import { expect, it } from 'vitest';
import { deliveryClaim } from '../../src/delivery/proof.ts';
import type { IntegrationReport } from '../../src/delivery/report.ts';

const report: IntegrationReport = { receiver: 'on-call', type: 'slack', index: 0, verdict: 'CONFIRMED' };
const context = { mode: 'alertmanager', fingerprint: 'f', notProven: [] } as const;
const SEEN = 'that a person saw it';

it('a proof says that nobody knows whether a person saw it, unless one said so', () => {
  const nobody = deliveryClaim('on-call', [report], context);
  expect(nobody.notProven).toContain(SEEN);
  expect(nobody.facts).not.toHaveProperty('seenAfterMs');
  const seen = deliveryClaim('on-call', [report], { ...context, seenAfterMs: 42_000 });
  expect(seen.notProven).not.toContain(SEEN);
  expect(seen.facts).toMatchObject({ seenAfterMs: 42_000 });
  expect(seen.verdict).toBe('proven');
});

it('a proof holds for as long as the schedule of the tests needs, else for a week and a day', () => {
  expect(deliveryClaim('on-call', [report], context).ageLimitMs).toBe(8 * 86_400_000);
  expect(deliveryClaim('on-call', [report], { ...context, ageLimitMs: 1_000 }).ageLimitMs).toBe(1_000);
});
