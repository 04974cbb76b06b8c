import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NewMessage } from '../../src/history/messages.ts';
import { oneOfEach, SECRET } from './delivery-scenes.ts';
import { makeDeliveryWorld } from './delivery-world.ts';
import { generations, requirePrograms } from './programs.ts';

describe.each(generations)('what is no proof, with %s programs', (generation) => {
  /** As the inbox keeps what it took: of this test, and where it says. */
  const message = (more: Partial<NewMessage>): NewMessage => ({
    receivedAt: new Date().toISOString(),
    type: 'webhook',
    path: '/webhook/team',
    recipient: '',
    headers: {},
    body: '',
    replyStatus: 200,
    accepted: true,
    problems: [],
    title: '',
    text: '',
    status: 'firing',
    ...more,
  });
  /** The place of each of the four, as its own messages have it. */
  const OWN: Readonly<Record<string, Partial<NewMessage>>> = {
    slack: { type: 'slack', path: `/slack/services/T0/B0/${SECRET}${SECRET}` },
    email: { type: 'email', path: 'smtp', recipient: 'ops@example.org' },
    pagerduty: {
      type: 'pagerduty',
      path: '/pagerduty/v2/enqueue',
      recipient: `key-${createHash('sha256').update(SECRET.repeat(4)).digest('hex').slice(0, 12)}`,
    },
    webhook: { type: 'webhook', path: `/webhook/${SECRET}` },
  };
  const OTHER: Readonly<Record<string, Partial<NewMessage>>> = {
    slack: { path: '/slack/services/T0/B0/another' },
    email: { recipient: 'night@example.org' },
    pagerduty: { recipient: 'key-0123456789ab' },
    webhook: { path: '/webhook' },
  };

  /** All providers hang; what `forge` puts into the inbox is there when the alerts have been posted. */
  async function testWith(forge: (nonce: (type: string) => string) => readonly NewMessage[]) {
    const world = await makeDeliveryWorld();
    try {
      const program = (await requirePrograms(generation)).get('alertmanager');
      if (!program) throw new Error('no alertmanager');
      const receivers = oneOfEach(world);
      const names = Object.keys(receivers);
      const severities = Object.fromEntries(names.map((name) => [name, name]));
      const running = await world.start(program, { receivers, severities, default: 'slack' });
      world.misbehave('*', { kind: 'hang' });
      const report = await world.test(running, {
        timeoutMs: 3_000,
        onProgress: (event) => {
          const nonce = event.type === 'step' ? /^posted .* marked (\w+)$/.exec(event.text)?.[1] : undefined;
          if (nonce !== undefined)
            world.history.messages.appendAll(forge((type) => `${nonce}x${names.indexOf(type)}x`));
        },
      });
      return Object.fromEntries(report.integrations.map(({ type, verdict }) => [type, verdict]));
    } finally {
      await world.end();
    }
  }
  const all = (verdict: string) => Object.fromEntries(Object.keys(OWN).map((type) => [type, verdict]));
  const forEach = (make: (type: string) => Partial<NewMessage>) =>
    Object.entries(OWN).map(([type, own]) => message({ ...own, ...make(type) }));

  it.concurrent.each<[string, (nonce: (type: string) => string) => readonly NewMessage[]]>([
    ['a message that was refused', (nonce) => forEach((type) => ({ body: nonce(type), accepted: false }))],
    ["another place's message", (nonce) => forEach((type) => ({ body: nonce(type), ...OTHER[type] }))],
    ["another receiver's message", (nonce) => forEach(() => ({ body: nonce('somebody') }))],
    ['a message of another type', (nonce) => forEach((type) => ({ body: nonce(type), type: 'discord' }))],
    ['the end of an alert', (nonce) => forEach((type) => ({ body: nonce(type), status: 'resolved' }))],
    [
      'an event of the recorder',
      (nonce) =>
        forEach((type) => ({
          type: 'event-recorder',
          path: '/events',
          recipient: `${type} ${type}[0]`,
          body: nonce(type),
        })),
    ],
  ])('%s', async (_, forge) => {
    expect(await testWith(forge)).toEqual(all('FAILED'));
  });

  it.concurrent('but the own message is', async () => {
    expect(await testWith((nonce) => forEach((type) => ({ body: nonce(type) })))).toEqual(all('CONFIRMED'));
  });
});
