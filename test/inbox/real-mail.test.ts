import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import { type Client, greeted, reply, startTestInbox, type TestInbox } from './harness.ts';

let test: TestInbox;
let client: Client;
const mail = readFileSync(new URL('../fixtures/alertmanager/email-firing-0.31.1.body', import.meta.url));

beforeAll(async () => {
  test = await startTestInbox({ endpoints: receiverPlugins.flatMap(({ sandbox }) => sandbox ?? []) });
  client = await greeted(test.inbox.port);
  client.send('EHLO me\r\n');
  await client.until(reply(250));
});
afterAll(() => test.stop());

/** Sends it, dots doubled as RFC 5321 wants it, and resolves with the reply's code. */
async function deliver(source: Buffer): Promise<number> {
  client.send('MAIL FROM:<alerts@town.example>\r\nRCPT TO:<ops@town.example>\r\nDATA\r\n');
  await client.until(reply(354));
  const text = source.toString('latin1').replaceAll(/(^|\r\n)\./g, '$1..');
  client.send(Buffer.from(text.endsWith('\r\n') ? `${text}.\r\n` : `${text}\r\n.\r\n`, 'latin1'));
  return Number(/^\d{3}/m.exec(await client.until(/^[245]\d\d .*\r\n/m))?.[0]);
}

describe('a real mail', () => {
  it('is taken', async () => {
    expect(await deliver(mail)).toBe(250);
    expect(test.kept().at(-1)).toMatchObject({
      type: 'email',
      accepted: true,
      recipient: 'ops@town.example',
    });
  });

  it('with any byte changed: the answer is what is kept, and taken is only what a mail server takes', async () => {
    const change = fc.tuple(fc.integer({ min: 0, max: mail.length - 1 }), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const changed = Buffer.from(mail);
        for (const [place, byte] of changes) changed[place] = byte;
        // Where the changes make an end of the mail, it is another one.
        fc.pre(!changed.toString('latin1').includes('\r\n.\r\n'));
        const status = await deliver(changed);
        const last = test.kept().at(-1);
        expect(last).toMatchObject({ replyStatus: status, accepted: status === 250 });
        expect([250, 554]).toContain(status);
        if (status !== 250) return;
        const [head = ''] = changed.toString('latin1').split('\r\n\r\n');
        expect(head.match(/^from:/gim)).toHaveLength(1);
        expect(head.match(/^subject:/gim)?.length ?? 0).toBeLessThan(2);
        expect(changed.toString('latin1')).not.toMatch(/\r(?!\n)|(?<!\r)\n|\0|[^\r\n]{999}/);
      }),
      { numRuns: 150 },
    );
  });
});
