import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stackAlerting } from '../../src/delivery/alerting.ts';
import { deliveryFingerprint } from '../../src/delivery/fingerprint.ts';
import { makeProbes, probeAlert } from '../../src/delivery/probe.ts';
import { stackConfiguration } from '../../src/routing/rendered.ts';
import { routesFor } from '../../src/routing/walk.ts';
import type { Hours, Route, Stack } from '../../src/stack/stack.ts';
import { alertingStack } from '../fixtures/alerting.ts';

const RECEIVERS = ['on-call', 'water', 'team', 'forgotten'];
const OFFICE: Hours = {
  times: [{ from: '08:00', to: '17:00' }],
  weekdays: ['monday:friday'],
  daysOfMonth: [],
  months: [],
  location: 'UTC',
};

function stackWith(
  routes: readonly Route[],
  hours: Readonly<Record<string, Hours>> = { office: OFFICE },
): Stack {
  return alertingStack({
    receivers: Object.fromEntries(
      RECEIVERS.map((name) => [name, { webhook: [{ url: `https://example.org/${name}` }] }]),
    ),
    routes,
    default: 'team',
    hours,
  });
}

const route = (
  match: Readonly<Record<string, readonly string[]>>,
  receiver: string,
  hours?: string,
): Route => ({
  match: Object.entries(match).map(([label, values]) => ({ label, values })),
  receiver,
  ...(hours === undefined ? {} : { hours }),
});

function waysIn(stack: Stack) {
  const alerting = stackAlerting(stack);
  return Object.fromEntries(
    alerting
      .audience(RECEIVERS)
      .map(({ receiver, by, notes }) => [receiver, [by, notes.join('; ')].join(' | ')]),
  );
}

describe('the way to a receiver of the stack', () => {
  it('is by the labels that its route asks for, of several values one that no earlier route takes', () => {
    expect(
      waysIn(
        stackWith([
          route({ team: ['water'], severity: ['critical'] }, 'on-call'),
          route({ team: ['water', 'gas'] }, 'water', 'office'),
        ]),
      ),
    ).toEqual({
      'on-call': 'team="water", severity="critical" | ',
      water: 'team="water" | only in the hours office: outside of them it is held back',
      team: ' | ',
      forgotten: ' | no route leads there: nothing is sent',
    });
  });

  it('evades routes for alerts that lack a label', () => {
    expect(
      waysIn(
        stackWith([route({ site: [''] }, 'water'), route({ team: [''], severity: ['critical'] }, 'on-call')]),
      ),
    ).toMatchObject({
      water: ' | ',
      'on-call': 'severity="critical", site="leitstand-test" | ',
      team: 'site="leitstand-test" | ',
    });
  });

  it('says when the test would mute or wake real alerts', () => {
    const all = { workspace_id: ['nord'], component: ['pump'], instance: ['a'] };
    expect(
      waysIn(
        stackWith([
          route({ ...all, severity: ['critical'] }, 'on-call'),
          route({ alertname: ['PumpDown'], workspace_id: ['nord'] }, 'water'),
        ]),
      ),
    ).toMatchObject({
      'on-call': expect.stringContaining('mutes real warnings'),
      water: expect.stringContaining('its group may hold real alerts'),
    });
  });

  const values = fc.array(fc.constantFrom('a', 'b', 'x.y', 'p|q', '', '"z"'), { minLength: 1, maxLength: 3 });
  const anyRoute = fc.record({
    match: fc.uniqueArray(
      fc.record({ label: fc.constantFrom('severity', 'team', 'site', 'workspace_id'), values }),
      {
        minLength: 1,
        maxLength: 3,
        selector: ({ label }) => label,
      },
    ),
    receiver: fc.constantFrom('on-call', 'water', 'team'),
  });

  it('is one that the rendered routes take, whatever they are; and each receiver that can be reached has one', () => {
    fc.assert(
      fc.property(fc.array(anyRoute, { maxLength: 6 }), (routes) => {
        const stack = stackWith(routes);
        const alerting = stackAlerting(stack);
        const { root } = stackConfiguration(stack);
        const aims = [{ kind: 'receivers', names: RECEIVERS }, { kind: 'routes' }] as const;
        for (const probe of aims.flatMap((aim) => makeProbes(alerting, aim, 'abc'))) {
          if (!probe.routed) continue;
          const { labels } = probeAlert(probe, new Date(), 1);
          expect(routesFor(root, labels).map(({ receiver }) => receiver)).toEqual([probe.receiver]);
        }
        // Nothing takes everything: the default is always reached.
        expect(alerting.way('team', 'abc')).toBeDefined();
        for (const [i, { match, receiver }] of routes.entries()) {
          const isFirst = i === 0 && !match.some(({ values: [only] }) => only === undefined);
          if (isFirst) expect(alerting.way(receiver, 'abc')).toBeDefined();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('whoever takes an alert with given labels, as Alertmanager would', () => {
    const watched = stackWith([route({ team: ['water'] }, 'water')]);
    const { takers } = stackAlerting(watched);
    expect(takers({ team: 'water' }, 'abc')).toMatchObject({
      receivers: ['water'],
      way: { labels: { team: 'water' } },
    });
    expect(takers({ team: 'gas', instance: 'a' }, 'abc')).toEqual({
      receivers: ['team'],
      way: { labels: { team: 'gas', instance: 'a' }, own: ['workspace_id', 'component'] },
    });
    expect(takers({ severity: 'none' }, 'abc').receivers).toEqual(['(nobody)']);
    expect(takers({ alertname: 'Watchdog' }, 'abc').receivers).toEqual(['(nobody)']);
  });
});

describe('the fingerprint of a delivery', () => {
  const of = (routes: readonly Route[], receiver = 'water', hours?: Readonly<Record<string, Hours>>) =>
    deliveryFingerprint(stackWith(routes, hours), receiver);
  const base = [route({ team: ['water', 'gas'], severity: ['critical'] }, 'water', 'office')];

  it('is another one when the labels, a value, the hours or what they say, or the default change', () => {
    const others = [
      of([route({ team: ['water'], severity: ['critical'] }, 'water', 'office')]),
      of([route({ team: ['water', 'gas'] }, 'water', 'office')]),
      of([route({ team: ['water', 'gas'], severity: ['critical'] }, 'water')]),
      of(base, 'water', { office: { ...OFFICE, location: 'Europe/Berlin' } }),
      of([...base, route({ site: ['north'] }, 'water')]),
      deliveryFingerprint(
        { ...stackWith(base), routing: { ...stackWith(base).routing, default: 'water' } },
        'water',
      ),
    ];
    expect(new Set([of(base), ...others]).size).toBe(others.length + 1);
  });

  it("is the same when the order of labels and values, the name of the hours or somebody else's route changes", () => {
    const same = [
      of([route({ severity: ['critical'], team: ['gas', 'water'] }, 'water', 'office')]),
      of([route({ team: ['water', 'gas'], severity: ['critical'] }, 'water', 'day')], 'water', {
        day: OFFICE,
      }),
      of([route({ team: ['roads'] }, 'on-call'), ...base]),
    ];
    for (const one of same) expect(one).toBe(of(base));
  });
});
