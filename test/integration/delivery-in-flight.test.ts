import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { freePort } from '../fixtures/free-port.ts';
import { type DeliveryWorld, makeDeliveryWorld } from './delivery-world.ts';
import { generations, requirePrograms } from './programs.ts';

let world: DeliveryWorld;
beforeEach(async () => {
  world = await makeDeliveryWorld();
});
afterEach(() => world.end());

/** A provider that answers each message late; resolves `asked` when the first one is there. */
async function lateProvider(delayMs: number) {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.resume();
    resolve();
    const timer = setTimeout(() => response.writeHead(200).end('ok'), delayMs);
    response.on('close', () => clearTimeout(timer));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  world.onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, asked };
}

describe.each(generations)('what was on its way before the test, with %s programs', (generation) => {
  it('is no success of the test', async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('no alertmanager');
    const late = await lateProvider(3_000);
    const closed = await freePort();
    const running = await world.start(program, {
      receivers: {
        slow: { webhook: [{ url: late.url }] },
        broken: { webhook: [{ url: `http://127.0.0.1:${closed}/x` }] },
      },
      severities: { critical: 'slow' },
      default: 'broken',
    });
    const now = Date.now();
    await createAlertmanagerApi(running.live.url).post([
      {
        labels: { alertname: 'DiskFull', severity: 'critical' },
        annotations: {},
        startsAt: new Date(now - 3_600_000),
        endsAt: new Date(now + 600_000),
      },
    ]);
    await late.asked;
    // Long before the test; what is begun within a look of it (0.2 s) cannot be told from the test's own.
    await systemClock.sleep(1_000);
    const report = await world.test(running, { aim: { kind: 'receivers', names: ['broken'] } });
    expect(report.integrations).toMatchObject([{ receiver: 'broken', verdict: 'FAILED' }]);
  });
});
