import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { ALERTS_ABOUT_RECEIVERS } from '../../src/stack/delivery.ts';
import { type DeliveryWorld, makeDeliveryWorld } from './delivery-world.ts';
import { generations, requirePrograms } from './programs.ts';

let world: DeliveryWorld;
beforeEach(async () => {
  world = await makeDeliveryWorld();
});
afterEach(() => world.end());

describe.each(generations)('what is wrong with a receiver, with %s programs', (generation) => {
  it.each(ALERTS_ABOUT_RECEIVERS)('%s is told to another one', async (alertname) => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('no alertmanager');
    const { live } = await world.start(program, {
      receivers: {
        'on-call': { webhook: [{ url: `${world.inboxUrl}/webhook/on-call` }] },
        team: { webhook: [{ url: `${world.inboxUrl}/webhook/team` }] },
        ops: { webhook: [{ url: `${world.inboxUrl}/webhook/ops` }] },
      },
      severities: { critical: 'on-call', warning: 'ops' },
      default: 'team',
      // They come one by one: told at once, the first would go alone and the others wait for group_interval.
      groupWaitMs: 1_000,
    });
    const now = new Date();
    await createAlertmanagerApi(live.url).post(
      ['on-call', 'team', 'ops'].flatMap((receiver) =>
        ['critical', 'warning'].map((severity) => ({
          labels: { alertname, receiver, severity },
          annotations: {},
          startsAt: now,
          endsAt: new Date(now.getTime() + 60_000),
        })),
      ),
    );
    const told = () =>
      world.history.messages
        .list({ limit: 20 })
        .flatMap(({ path, body }) =>
          (JSON.parse(body) as { alerts: { labels: Record<string, string> }[] }).alerts.map(
            ({ labels }) => `${labels['severity']} about ${labels['receiver']}: ${path.split('/').at(-1)}`,
          ),
        );
    await expect
      .poll(() => [...new Set(told())].sort(), { timeout: 20_000 })
      .toEqual([
        'critical about on-call: team',
        'critical about ops: team',
        'critical about team: on-call',
        'warning about on-call: team',
        'warning about ops: team',
        'warning about team: on-call',
      ]);
  });
});
