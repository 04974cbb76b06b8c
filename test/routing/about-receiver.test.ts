import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertmanager } from '../../src/components/alertmanager/index.ts';
import { aboutReceivers, toldAbout } from '../../src/routing/about-receiver.ts';
import { stackConfiguration } from '../../src/routing/rendered.ts';
import { destinationsOf } from '../../src/routing/walk.ts';
import { ownRuleFiles } from '../../src/rules/own-pack.ts';
import {
  ABOUT_RECEIVER_LABEL,
  ALERTS_ABOUT_RECEIVERS,
  ALERTS_ABOUT_TYPES,
} from '../../src/stack/delivery.ts';
import { type AlertingOptions, alertingStack } from '../fixtures/alerting.ts';

const slack = (token: string) => ({
  slack: [{ webhook_url: `https://hooks.slack.com/services/T0/B0/${token}` }],
});
const webhook = (path: string) => ({ webhook: [{ url: `https://example.org/${path}` }] });

function stackOf(
  receivers: AlertingOptions['receivers'],
  usual: string,
  severities: Record<string, string> = {},
) {
  return alertingStack({ receivers, default: usual, severities });
}

describe('who is told about a receiver', () => {
  const receivers = { 'on-call': slack('a'), team: webhook('team'), ops: webhook('ops') };

  it('is the default; about the default, the first other one of the file', () => {
    const stack = stackOf(receivers, 'team');
    expect(toldAbout(stack, 'on-call')).toBe('team');
    expect(toldAbout(stack, 'ops')).toBe('team');
    expect(toldAbout(stack, 'team')).toBe('on-call');
    expect(aboutReceivers(stack)).toEqual([
      { told: 'team', about: ['on-call', 'ops'] },
      { told: 'on-call', about: ['team'] },
    ]);
  });

  it('is nobody who is reached in the same way, or not at all', () => {
    expect(
      toldAbout(stackOf({ 'on-call': slack('a'), team: slack('a') }, 'team'), 'on-call'),
    ).toBeUndefined();
    expect(toldAbout(stackOf({ 'on-call': slack('a'), team: {} }, 'team'), 'on-call')).toBeUndefined();
    expect(toldAbout(stackOf({ 'on-call': slack('a') }, 'on-call'), 'on-call')).toBeUndefined();
    const third = { 'on-call': slack('a'), team: slack('a'), ops: { ...slack('a'), ...webhook('ops') } };
    expect(toldAbout(stackOf(third, 'team'), 'on-call')).toBe('ops');
  });
});

it('reaches a receiver that is reached in another way, whatever the severity and the routes of the user', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const way = fc.constantFrom(slack('x'), slack('y'), webhook('x'), {}, { ...slack('x'), ...webhook('y') });
  const world = fc.record({
    receivers: fc.dictionary(name, way, { minKeys: 1, maxKeys: 4 }),
    severities: fc.dictionary(fc.constantFrom('critical', 'warning', 'page'), name, { maxKeys: 3 }),
    usual: fc.nat(),
    label: fc.constantFrom('receiver', 'alertname', 'team'),
    value: fc.constantFrom('a', 'DeliveryUnproven', 'DeliveryFailed'),
    taker: name,
  });
  fc.assert(
    fc.property(world, ({ receivers, severities, usual, label, value, taker }) => {
      const names = Object.keys(receivers);
      const known = (one: string) => (names.includes(one) ? one : (names[0] ?? ''));
      const stack = alertingStack({
        receivers,
        default: names[usual % names.length] ?? '',
        severities: Object.fromEntries(Object.entries(severities).map(([key, one]) => [key, known(one)])),
        routes: [{ match: [{ label, values: [value] }], receiver: known(taker) }],
      });
      const { root } = stackConfiguration(stack);
      const ways = (receiver: string) =>
        stack.integrations
          .filter((one) => one.receiver === receiver)
          .map(({ type, identity }) => JSON.stringify([type, identity()]));
      for (const receiver of names) {
        const hasOther = names.some(
          (one) => one !== receiver && ways(one).some((found) => !ways(receiver).includes(found)),
        );
        for (const alertname of ALERTS_ABOUT_RECEIVERS)
          for (const severity of ['critical', 'warning', 'page', 'other']) {
            const labels: Record<string, string> = {
              alertname,
              severity,
              [ABOUT_RECEIVER_LABEL]: receiver,
              subject: receiver,
            };
            const told = destinationsOf(root, (one) => labels[one] ?? '').map(({ route }) => route.receiver);
            expect(told).toHaveLength(1);
            if (!hasOther) continue;
            expect(told[0]).not.toBe(receiver);
            expect(ways(told[0] ?? '').some((found) => !ways(receiver).includes(found))).toBe(true);
          }
      }
      for (const type of new Set(stack.integrations.map((one) => one.type))) {
        const isOther = (one: { readonly type: string }) => one.type !== type;
        if (!stack.integrations.some(isOther)) continue;
        const labels: Record<string, string> = {
          alertname: 'AlertmanagerFailedToSendAlerts',
          severity: 'warning',
          integration: type,
        };
        const told = destinationsOf(root, (one) => labels[one] ?? '').map(({ route }) => route.receiver);
        expect(stack.integrations.filter(({ receiver }) => receiver === told[0]).some(isOther)).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});

it('the shipped alerts are called so', () => {
  const [pack] = ownRuleFiles();
  for (const alert of ALERTS_ABOUT_RECEIVERS) expect(pack?.content).toContain(`- alert: ${alert}\n`);
  const [alertmanagers] = alertmanager.rules?.() ?? [];
  for (const alert of ALERTS_ABOUT_TYPES) expect(alertmanagers?.content).toContain(`- alert: ${alert}\n`);
});
