import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configurationOf, type Route } from '../../src/routing/configuration.ts';
import { allMatch } from '../../src/routing/matcher.ts';
import { destinationsOf, routesFor } from '../../src/routing/walk.ts';
import { alertLabels, LABELS, type RouteConfig, tree, withReceivers } from './trees.ts';

function rootOf(root: RouteConfig): Route {
  return configurationOf(withReceivers(root)).root;
}

const outline = (root: Route, valueOf: (label: string) => string | undefined) =>
  destinationsOf(root, valueOf).map(({ route, when, isCertain }) => [
    route.receiver,
    when.map(({ label, operator, value }) => `${label}${operator}${value}`).join(),
    isCertain,
  ]);

describe('where an alert may go of which not everything is known', () => {
  const root = rootOf({
    receiver: 'root',
    routes: [
      { receiver: 'r0', matchers: ['team="a"', 'severity="critical"'] },
      { receiver: 'r1', matchers: ['team=~"a|b"'] },
      { receiver: 'r2', matchers: ['team="b"'] },
      {
        receiver: 'r3',
        matchers: ['severity="warning"'],
        routes: [{ receiver: 'r0', matchers: ['team="c"'] }],
      },
    ],
  });

  it('both ways are shown, with what decides; what an earlier route takes is left out', () => {
    expect(outline(root, (label) => (label === 'severity' ? 'warning' : undefined))).toEqual([
      ['r1', 'team=~a|b', false],
      ['r0', 'team=c', false],
      ['r3', '', false],
    ]);
    expect(outline(root, (label) => (label === 'team' ? 'a' : undefined))).toEqual([
      ['r0', 'severity=critical', false],
      ['r1', '', false],
    ]);
    expect(outline(root, (label) => (label === 'team' ? 'x' : 'warning'))).toEqual([['r3', '', true]]);
  });

  it('below a route its matchers hold', () => {
    const nested = rootOf({
      receiver: 'root',
      routes: [
        {
          receiver: 'r0',
          matchers: ['team="a"'],
          routes: [
            { receiver: 'r1', matchers: ['team="b"'] },
            { receiver: 'r2', matchers: ['team!="b"'] },
          ],
        },
      ],
    });
    expect(outline(nested, () => undefined)).toEqual([
      ['r2', 'team=a', false],
      ['root', '', false],
    ]);
  });

  it('holds every place that any alert of the kind goes to, and nothing else is certain', () => {
    const known = fc.subarray([...LABELS]);
    fc.assert(
      fc.property(tree, known, alertLabels, (config, names, labels) => {
        const root = rootOf(config);
        const valueOf = (label: string) =>
          names.includes(label as (typeof LABELS)[number]) ? (labels[label] ?? '') : undefined;
        const may = destinationsOf(root, valueOf);
        const goes = routesFor(root, labels);
        for (const route of goes) {
          const place = may.find((one) => one.route === route);
          expect(place).toBeDefined();
          // What it depends on is so with this alert.
          expect(allMatch(place?.when ?? [], (label) => labels[label] ?? '')).toBe(true);
        }
        for (const { route, isCertain } of may) if (isCertain) expect(goes).toContain(route);
        if (names.length === LABELS.length) expect(may.map(({ route }) => route)).toEqual(goes);
      }),
      { numRuns: 1000 },
    );
  });
});
