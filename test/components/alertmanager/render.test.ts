import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { catalog } from '../../../src/catalog.ts';
import { pluginSchemas } from '../../../src/cli/load-stack.ts';
import { stackOf } from '../../../src/cli/stack-of-document.ts';
import { renderAlertmanagerFile } from '../../../src/components/alertmanager/render.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { readConfiguration } from '../../../src/routing/configuration.ts';
import { holds, matches } from '../../../src/routing/matcher.ts';
import { mutingAt } from '../../../src/routing/muting.ts';
import { stackConfiguration, takes } from '../../../src/routing/rendered.ts';
import { routesFor } from '../../../src/routing/walk.ts';
import type { Route, Stack } from '../../../src/stack/stack.ts';
import { parseVersion, type Version } from '../../../src/stack/version.ts';
import { alertingStack } from '../../fixtures/alerting.ts';

const WEBHOOK = [{ url: 'http://127.0.0.1:5001/webhook' }];
const TARGET = {
  alertmanager: { major: 0, minor: 31, patch: 1 },
  secretPath: (name: string) => `/s/${name}`,
};

function stackWith(routes: readonly Route[], severities: Readonly<Record<string, string>> = {}): Stack {
  return alertingStack({
    receivers: { team: { webhook: WEBHOOK }, outside: { webhook: WEBHOOK } },
    routes,
    severities,
    default: 'team',
    hours: {
      office: {
        times: [{ from: '08:00', to: '17:00' }],
        weekdays: [],
        daysOfMonth: [],
        months: [],
        location: 'UTC',
      },
    },
  });
}

function routesOf(stack: Stack): unknown {
  return parse(renderAlertmanagerFile(stack, TARGET).content).route.routes;
}

/** Below each route, for test alerts: told at once, and its end within a second. */
const TEST_ROUTE = { matchers: ['leitstand_test!=""'], group_wait: '0s', group_interval: '1s' };
const WATCHDOG = { matchers: ['alertname="Watchdog"'], receiver: '(nobody)' };
const NONE = { matchers: ['severity="none"'], receiver: '(nobody)' };

describe('the alert that always fires, and what is for nobody', () => {
  it('go to nobody while nothing outside waits for them', () => {
    expect(routesOf(stackWith([], { critical: 'team' }))).toEqual([
      WATCHDOG,
      { matchers: ['severity="critical"'], receiver: 'team', routes: [TEST_ROUTE] },
      NONE,
      TEST_ROUTE,
    ]);
  });

  it("go to the dead man's switch that the severity `none` is routed to", () => {
    expect(routesOf(stackWith([], { none: 'outside' }))).toEqual([
      { matchers: ['severity="none"'], receiver: 'outside', routes: [TEST_ROUTE] },
      TEST_ROUTE,
    ]);
  });

  it('go by the name of the alert, where a route asks for it', () => {
    const route = { match: [{ label: 'alertname', values: ['Watchdog'] }], receiver: 'outside' };
    expect(routesOf(stackWith([route]))).toEqual([
      { matchers: ['alertname="Watchdog"'], receiver: 'outside', routes: [TEST_ROUTE] },
      NONE,
      TEST_ROUTE,
    ]);
  });

  it('go to who asks for them by name and more, and else to nobody', () => {
    const route = {
      match: [
        { label: 'alertname', values: ['Watchdog'] },
        { label: 'stack', values: ['nord'] },
      ],
      receiver: 'outside',
    };
    expect(routesOf(stackWith([route]))).toMatchObject([{ receiver: 'outside' }, WATCHDOG, NONE, TEST_ROUTE]);
  });

  it('keep their way when a route takes a part of them only', () => {
    const route = {
      match: [
        { label: 'severity', values: ['none'] },
        { label: 'team', values: ['water'] },
      ],
      receiver: 'outside',
    };
    expect(routesOf(stackWith([route]))).toMatchObject([WATCHDOG, { receiver: 'outside' }, NONE, TEST_ROUTE]);
  });
});

describe('who is told, by what is rendered', () => {
  const values = fc.array(
    fc.constantFrom('a', 'b', 'critical', 'warning', 'x.y', 'a|b', 'it\'s "x"', 'back\\slash', 'ä\n', ''),
    { minLength: 1, maxLength: 3 },
  );
  const match = fc.uniqueArray(fc.record({ label: fc.constantFrom('severity', 'team', 'site'), values }), {
    minLength: 1,
    maxLength: 2,
    selector: ({ label }) => label,
  });
  const route = fc.record(
    { match, receiver: fc.constantFrom('team', 'outside'), hours: fc.constant('office') },
    { requiredKeys: ['match', 'receiver'] },
  );
  const labels = fc
    .record({
      severity: fc.constantFrom('critical', 'warning', 'a', ''),
      team: fc.constantFrom('a', 'x.y', 'a|b', 'ä\n', 'it\'s "x"', 'back\\slash', ''),
      site: fc.constantFrom('b', ''),
    })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')));

  it('is the first route of the file that fits, else the default; as text and as what is rendered', () => {
    fc.assert(
      fc.property(fc.array(route, { maxLength: 5 }), labels, (routes, alert) => {
        const stack = stackWith(routes);
        const wanted = routes.find((one) => takes(one, alert));
        const configuration = readConfiguration(renderAlertmanagerFile(stack, TARGET).content);
        const [found, ...more] = routesFor(configuration.root, alert);
        expect(more).toEqual([]);
        expect(found?.receiver).toBe(wanted?.receiver ?? 'team');
        expect(found?.activeIn).toEqual(wanted?.hours === undefined ? [] : ['office']);
        // The test alert goes the same way, and is held back as well.
        const [test] = routesFor(configuration.root, { ...alert, leitstand_test: 'x' });
        expect([test?.receiver, test?.activeIn]).toEqual([found?.receiver, found?.activeIn]);
        const own = stackConfiguration(stack);
        expect(own.root).toEqual(configuration.root);
        expect(own.inhibitions).toEqual(configuration.inhibitions);
        expect(own.intervals).toEqual(configuration.intervals);
        expect(own.receivers.map(({ name }) => name)).toEqual(
          configuration.receivers.map(({ name }) => name),
        );
      }),
    );
  });

  it('is somebody at any time for a critical alert, whatever other alerts fire', () => {
    fc.assert(
      fc.property(
        fc.array(route, { maxLength: 5 }),
        labels,
        fc.date({ noInvalidDate: true }),
        (routes, alert, at) => {
          const critical: Readonly<Record<string, string>> = { ...alert, severity: 'critical' };
          // Hours for critical alerts are refused by the configuration.
          const stack = stackWith(
            routes.map(({ hours, ...rest }) =>
              takes(rest, critical) ? rest : { ...rest, ...(hours ? { hours } : {}) },
            ),
          );
          const own = stackConfiguration(stack);
          for (const one of routesFor(own.root, critical)) {
            expect(mutingAt(own, one, at.getTime())).toBeUndefined();
            expect(own.receivers.find(({ name }) => name === one.receiver)?.integrations).not.toEqual([]);
          }
          for (const { target } of own.inhibitions)
            expect(target.every((matcher) => holds(matcher, critical))).toBe(false);
        },
      ),
    );
  });

  it('is muted by no inhibition without a label that ties the two together', () => {
    for (const { source, target, equal } of stackConfiguration(stackWith([])).inhibitions)
      for (const side of [source, target]) {
        const isAskedFor = side.some(
          ({ label, operator, value }) => equal.includes(label) && operator === '!=' && value === '',
        );
        expect(isAskedFor).toBe(true);
        expect(side.some((matcher) => matches(matcher, '') === false)).toBe(true);
      }
  });
});

const golden = fileURLToPath(new URL('../../golden/routing', import.meta.url));
const file = fileURLToPath(new URL('../../fixtures/routing/leitstand.yaml', import.meta.url));
const SECRET = 'SECRET7f3a';

describe('a whole example', () => {
  it.each(['0.25.0', '0.31.1', '0.34.0'])('for Alertmanager %s is the golden file', async (text) => {
    const url = `https://example.org/${SECRET}`;
    const config = await loadConfig({
      file,
      schemas: await pluginSchemas(catalog),
      env: { PAGER_URL: url, TICKETS_URL: url, WATER_URL: url, PING_URL: url },
    });
    const stack = stackOf(config, {
      components: await catalog.components(),
      receivers: await catalog.receivers(),
      env: {},
    });
    const rendered = renderAlertmanagerFile(stack, {
      ...TARGET,
      alertmanager: parseVersion(text) as Version,
    });
    await expect(rendered.content).toMatchFileSnapshot(`${golden}/alertmanager-${text}.yml`);
    expect(rendered.private).toBe(rendered.content.includes(SECRET));
  });
});
