import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Inbox, startInbox } from '../../src/inbox/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import type { InboxMessage } from '../../src/stack/sandbox.ts';

/** Where it is posted, and what a provider answers that takes it. */
const TARGETS: Readonly<Record<string, readonly [path: string, taken: number]>> = {
  slack: ['/slack/services/T00TEST00/B00TEST00/secretsecret', 200],
  pagerduty: ['/pagerduty/v2/enqueue', 202],
  webhook: ['/webhook', 200],
};
const bodies = Object.fromEntries(
  Object.keys(TARGETS).map((type) => [
    type,
    readFileSync(new URL(`../fixtures/alertmanager/${type}-firing-0.31.1.body`, import.meta.url)),
  ]),
);

let kept: Omit<InboxMessage, 'id'>[] = [];
let inbox: Inbox;

beforeEach(async () => {
  kept = [];
  inbox = await startInbox({
    port: 0,
    host: '127.0.0.1',
    endpoints: receiverPlugins.flatMap(({ sandbox }) => sandbox ?? []),
    messages: { append: (message) => kept.push(message) },
    clock: systemClock,
  });
});
afterEach(() => inbox.close());

/** Sends the parts one after the other and ends; resolves with everything that came back. */
function exchange(parts: readonly Uint8Array[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(inbox.port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
      socket.end();
    });
    socket.setNoDelay(true);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.setTimeout(2_000, () => socket.destroy());
  });
}

function requestOf(type: string, body: Uint8Array, length = body.length): Buffer {
  const path = TARGETS[type]?.[0] ?? '';
  const head = `POST ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

const statusOf = (answer: string) => Number(/^HTTP\/1.1 (\d{3}) /.exec(answer)?.[1] ?? 0);

describe.each(Object.keys(TARGETS))('a real message to %s', (type) => {
  const taken = TARGETS[type]?.[1] ?? 0;
  const body = bodies[type] ?? Buffer.alloc(0);
  // Without its key, which is nobody's business.
  const { routing_key: _, ...whatIsKept } = JSON.parse(body.toString()) as Record<string, unknown>;

  it('arrives in whatever pieces it comes', async () => {
    const whole = requestOf(type, body);
    const cuts = fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        kept.length = 0;
        const ends = [0, ...places.sort((a, b) => a - b), whole.length];
        const parts = ends.slice(1).map((end, i) => whole.subarray(ends[i], end));
        expect(statusOf(await exchange(parts))).toBe(taken);
        expect(kept).toMatchObject([{ accepted: true, replyStatus: taken }]);
        expect(JSON.parse(kept[0]?.body ?? '')).toMatchObject(whatIsKept);
      }),
      { numRuns: 40 },
    );
  });

  it('is not taken when the sender breaks off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: body.length - 1 }), async (length) => {
        kept.length = 0;
        const answer = await exchange([requestOf(type, body.subarray(0, length), body.length)]);
        expect(statusOf(answer)).not.toBe(taken);
        expect(kept).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('with any byte changed: the answer is what is kept, and taken is only what can be read', async () => {
    const change = fc.tuple(fc.integer({ min: 0, max: body.length - 1 }), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([place, byte]) => {
        kept.length = 0;
        const changed = Buffer.from(body);
        changed[place] = byte;
        const status = statusOf(await exchange([requestOf(type, changed)]));
        expect(kept).toHaveLength(1);
        expect(kept[0]).toMatchObject({ type, replyStatus: status, accepted: status === taken });
        expect([taken, 400]).toContain(status);
        if (status === taken) expect(() => JSON.parse(kept[0]?.body ?? '')).not.toThrow();
      }),
      { numRuns: 150 },
    );
  });
});
