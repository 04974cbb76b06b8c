import { expect, it } from 'vitest';
import { outlineText } from '../../../src/cli/preview/preview-text.ts';
import type { SentMessage } from '../../../src/delivery/preview/report.ts';

function sent(which: SentMessage['case'], findings: readonly string[]): SentMessage {
  return {
    case: which,
    outcome: 'accepted',
    message: {
      type: 'slack',
      path: '/',
      headers: {},
      body: '{}',
      replyStatus: 200,
      accepted: true,
      problems: [],
      title: 'DiskFull',
      text: '',
    },
    findings,
  };
}

it('says which message a remark is about, and once what is true of all', () => {
  const text = outlineText({
    integrations: [
      {
        receiver: 'on-call',
        type: 'slack',
        index: 0,
        cases: [sent('firing', ['no channel']), sent('many', ['no channel', 'is folded'])],
      },
    ],
    notShown: [],
    alertmanager: '0.31.1',
    elapsedMs: 1,
    exit: 0,
  });
  expect(text.split('\n').filter((line) => line.includes(', '))).toEqual([
    'on-call slack[0], every message: no channel',
    'on-call slack[0], many: is folded',
  ]);
});
