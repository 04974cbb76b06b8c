import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DeliveryWorld, makeDeliveryWorld } from './delivery-world.ts';
import { generations, requirePrograms } from './programs.ts';

let world: DeliveryWorld;
beforeEach(async () => {
  world = await makeDeliveryWorld();
});
afterEach(() => world.end());

describe.each(generations)('messages that do not say which they are, with %s programs', (generation) => {
  it('the second one is the end', async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('no alertmanager');
    const running = await world.start(program, {
      receivers: { team: { webhook: [{ url: `${world.inboxUrl}/webhook/custom` }] } },
      default: 'team',
    });
    const report = await world.test(running);
    expect(report.integrations).toMatchObject([{ verdict: 'CONFIRMED', end: { arrived: true } }]);
  });
});
