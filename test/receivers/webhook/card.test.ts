import { expect, it } from 'vitest';
import { webhookCard } from '../../../src/receivers/webhook/card.ts';

it('shows what a program looks at first', () => {
  const body = { receiver: 'team', status: 'firing', truncatedAlerts: 0, alerts: [{}, {}] };
  expect(webhookCard(JSON.stringify(body)).facts).toEqual([
    { name: 'receiver', value: 'team' },
    { name: 'status', value: 'firing' },
    { name: 'alerts', value: '2' },
  ]);
});

it('shows the fields of a payload of your own', () => {
  expect(webhookCard('{"message":"DiskFull: full","count":2,"more":{"a":[1]}}').facts).toEqual([
    { name: 'message', value: 'DiskFull: full' },
    { name: 'count', value: '2' },
    { name: 'more', value: '{"a":[1]}' },
  ]);
});

it('shows nothing of what is no object', () => {
  expect(webhookCard('nonsense').facts).toEqual([]);
});
