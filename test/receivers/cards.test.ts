import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receiverPlugins } from '../../src/receivers/registry.ts';

const fixtures = new URL('../fixtures/alertmanager/', import.meta.url);
const bodies = readdirSync(fixtures).filter((name) => name.endsWith('.body'));
const cardOf = (type: string, body: string) =>
  receiverPlugins.find((plugin) => plugin.type === type)?.card?.(body);

describe('the card of a message', () => {
  it.each(bodies)('%s: is what Alertmanager sent', async (name) => {
    const [type = ''] = name.split('-');
    const card = await cardOf(type, readFileSync(new URL(name, fixtures), 'utf8'));
    expect(JSON.stringify(card)).toContain('LeitstandTest_');
  });

  it('is there for whatever the inbox takes', () => {
    for (const { type, sandbox, card } of receiverPlugins)
      if (sandbox) expect([type, typeof card]).toEqual([type, 'function']);
  });

  it.each(receiverPlugins.flatMap(({ type, card }) => (card ? [type] : [])))(
    'of %s: whatever comes is read, or is none',
    async (type) => {
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), async (body) => {
          const card = await cardOf(type, body);
          if (card) expect(['chat', 'mail', 'incident', 'data']).toContain(card.kind);
        }),
      );
    },
  );
});

describe('the card of a Slack message', () => {
  const message = (attachment: Readonly<Record<string, unknown>>, more = {}) =>
    cardOf('slack', JSON.stringify({ ...more, attachments: [attachment] }));

  it('has title, colour, text, fields, buttons and what a phone shows', () => {
    expect(
      message(
        {
          title: 'Disk &lt;full&gt;',
          title_link: 'https://example.org/a',
          color: 'danger',
          text: '*Summary:* full',
          fallback: 'Disk full &amp; more',
          footer: 'ops',
          fields: [{ title: 'Since', value: '*03:00*', short: true }],
          actions: [
            { type: 'button', text: 'Runbook', url: 'https://example.org/r' },
            { type: 'button', text: 'Dashboard', url: '-' },
          ],
          mrkdwn_in: ['text'],
        },
        { channel: '#a', username: 'Ops' },
      ),
    ).toEqual({
      kind: 'chat',
      author: 'Ops',
      title: { text: 'Disk <full>', address: 'https://example.org/a' },
      colour: '#a30200',
      text: [{ text: 'Summary:', bold: true }, { text: ' full' }],
      fields: [{ title: 'Since', text: [{ text: '*03:00*' }] }],
      buttons: [{ text: 'Runbook', address: 'https://example.org/r' }],
      footer: 'ops',
      notification: 'Disk full & more',
    });
  });

  it('takes no colour that is none', () => {
    expect(message({ color: '#439fe0' })).toMatchObject({ colour: '#439fe0' });
    for (const color of ['red', 'url(https://example.org)', '#12', '"><script>'])
      expect(message({ color })).not.toHaveProperty('colour');
  });
});

it('the card of a webhook counts the alerts and keeps the JSON', () => {
  const body = { status: 'firing', receiver: 'ops', truncatedAlerts: 3, alerts: [{}, {}] };
  expect(cardOf('webhook', JSON.stringify(body))).toEqual({
    kind: 'data',
    title: 'JSON',
    facts: [
      { name: 'receiver', value: 'ops' },
      { name: 'status', value: 'firing' },
      { name: 'truncatedAlerts', value: '3' },
      { name: 'alerts', value: '2' },
    ],
    data: body,
  });
});
