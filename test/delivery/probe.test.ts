import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderAlertmanagerFile } from '../../src/components/alertmanager/render.ts';
import { stackAlerting } from '../../src/delivery/alerting.ts';
import { makeProbes, probeAlert } from '../../src/delivery/probe.ts';
import { alertingStack } from '../fixtures/alerting.ts';

const webhook = [{ url: 'https://example.org/' }];
const receivers = { 'on-call': { webhook }, team: { webhook }, forgotten: { webhook }, empty: {} };
const stack = alertingStack({ receivers, severities: { critical: 'on-call' }, default: 'team' });
const posted = new Date('2026-01-02T03:04:05.678Z');

function inhibitedBy(): string[] {
  const { content } = renderAlertmanagerFile(stack, {
    alertmanager: { major: 0, minor: 31, patch: 1 },
    secretPath: (name) => name,
  });
  const { inhibit_rules } = parse(content) as { readonly inhibit_rules: { readonly equal: string[] }[] };
  return inhibit_rules.flatMap(({ equal }) => equal);
}

describe('the test alert', () => {
  const probes = makeProbes(
    stackAlerting(stack),
    { kind: 'receivers', names: stack.receivers },
    '0123456789ab',
  );

  it('takes the way of a real one', () => {
    expect(probes.map(({ receiver, routed }) => [receiver, routed?.labels])).toEqual([
      ['on-call', { severity: 'critical' }],
      ['team', {}],
      ['forgotten', undefined],
      ['empty', undefined],
    ]);
    expect(probes.map(({ integrations }) => integrations.length)).toEqual([1, 1, 1, 0]);
  });

  it('inhibits no real alert: what an inhibition compares is its own', () => {
    const compared = inhibitedBy();
    expect(compared).toContain('workspace_id');
    for (const probe of probes.filter(({ routed }) => routed)) {
      const { labels } = probeAlert(probe, posted, 15_000);
      for (const label of compared) expect(labels[label]).toBe(probe.nonce);
    }
  });

  it('is one for each receiver, and none is found in another', () => {
    const many = Array.from({ length: 12 }, (_, i) => `r${i}`);
    const nonces = makeProbes(stackAlerting(stack), { kind: 'receivers', names: many }, 'ab').map(
      ({ nonce }) => nonce,
    );
    for (const [i, nonce] of nonces.entries())
      expect(nonces.findIndex((other) => other.includes(nonce))).toBe(i);
  });

  it('is old enough to be sent at once, and ends by itself', () => {
    const [probe] = probes;
    if (!probe) throw new Error('none');
    const { startsAt, endsAt, annotations } = probeAlert(probe, posted, 15_000);
    expect(startsAt.toISOString()).toBe('2026-01-02T02:04:05.678Z');
    expect(endsAt.toISOString()).toBe('2026-01-02T03:05:20.678Z');
    expect(annotations['summary']).toContain('nothing is wrong');
  });

  it('speaks the language of the stack, and carries its mark in each', () => {
    const [probe] = probes;
    if (!probe) throw new Error('none');
    const { annotations } = probeAlert(probe, posted, 15_000, 'de');
    expect(annotations['summary']).toBe('Testalarm von Leitstand: es ist nichts passiert');
    expect(annotations['description']).toContain(`Test ${probe.nonce} des Empfängers`);
  });
});
