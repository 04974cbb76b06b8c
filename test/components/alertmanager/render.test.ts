import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderAlertmanagerFile } from '../../../src/components/alertmanager/render.ts';
import { alertingStack } from '../../fixtures/alerting.ts';

function routesOf(severities: Readonly<Record<string, string>>): unknown {
  const webhook = [{ url: 'http://127.0.0.1:5001/webhook' }];
  const stack = alertingStack({
    receivers: { team: { webhook }, outside: { webhook } },
    severities,
    default: 'team',
  });
  const target = {
    alertmanager: { major: 0, minor: 31, patch: 1 },
    secretPath: (name: string) => `/s/${name}`,
  };
  return parse(renderAlertmanagerFile(stack, target).content).route.routes;
}

/** Below each route, for test alerts: told at once, and its end within a second. */
const TEST_ROUTE = { matchers: ['leitstand_test!=""'], group_wait: '0s', group_interval: '1s' };

describe('the alert that always fires', () => {
  it('goes to nobody while nothing outside waits for it', () => {
    expect(routesOf({ critical: 'team' })).toEqual([
      { matchers: ['alertname="Watchdog"'], receiver: '(nobody)' },
      { matchers: ['severity="critical"'], receiver: 'team', routes: [TEST_ROUTE] },
      TEST_ROUTE,
    ]);
  });

  it("goes to the dead man's switch that the severity `none` is routed to", () => {
    expect(routesOf({ none: 'outside' })).toEqual([
      { matchers: ['severity="none"'], receiver: 'outside', routes: [TEST_ROUTE] },
      TEST_ROUTE,
    ]);
  });
});
