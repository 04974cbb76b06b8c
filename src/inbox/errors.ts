import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const inboxErrors = defineErrors({
  'LS-INBOX-001': {
    exit: EXIT.couldNotDo,
    title: 'the inbox cannot listen on its port',
    explanation:
      'The inbox answers on one port of the loopback as Slack and webhooks would. Something else has that port, or ' +
      'this user may not use it. Choose another with `inbox: {port: …}`, or stop what has it.',
  },
});
