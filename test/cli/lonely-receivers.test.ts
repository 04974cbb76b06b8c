import { expect, it } from 'vitest';
import { lonelyReceivers } from '../../src/cli/check/lonely-receivers.ts';
import type { EnvironmentName } from '../../src/stack/stack.ts';
import { alertingStack } from '../fixtures/alerting.ts';

const hook = (path: string) => ({ webhook: [{ url: `https://example.org/${path}` }] });

function found(receivers: Readonly<Record<string, ReturnType<typeof hook>>>, environment: EnvironmentName) {
  const stack = alertingStack({ receivers, default: Object.keys(receivers)[0] ?? '' });
  return lonelyReceivers({ ...stack, environment });
}

it('names receivers about which nobody else can be told, where people are to be told at all', () => {
  expect(found({ only: hook('a') }, 'production')).toMatchObject([
    {
      code: 'LS-CHECK-030',
      severity: 'warning',
      subject: 'only',
      what: 'when nothing reaches only any more, nobody else is told',
      why: 'it is the only receiver',
    },
  ]);
  expect(
    found({ one: hook('a'), other: hook('a') }, 'staging').map(({ subject, why }) => [subject, why]),
  ).toEqual([
    ['one', 'no other receiver is reached in another way'],
    ['other', 'no other receiver is reached in another way'],
  ]);
  expect(found({ one: hook('a'), other: hook('b') }, 'production')).toEqual([]);
  expect(found({ only: hook('a') }, 'local')).toEqual([]);
});
