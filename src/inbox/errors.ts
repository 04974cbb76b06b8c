import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const inboxErrors = defineErrors({
  'LS-INBOX-001': {
    exit: EXIT.couldNotDo,
    title: 'the inbox cannot listen on its port',
    explanation:
      'The inbox answers on one port, of the loopback unless said otherwise, as Slack, PagerDuty, a mail server and ' +
      'webhooks would. Something else has that port, or this user may not use it. Choose another with ' +
      '`inbox: {port: …}`, or stop what has it.',
  },
  'LS-INBOX-002': {
    exit: EXIT.couldNotDo,
    title: 'the certificate of the inbox cannot be kept',
    explanation:
      'The inbox speaks TLS with a certificate of an authority of its own, made at the first start and kept in the ' +
      'state directory, so that Alertmanager can check it (`ca.pem`). The directory must be writable by the user who ' +
      'runs Leitstand. What is kept there can be deleted: it is made anew, and whoever trusted the old `ca.pem` needs ' +
      'the new one.',
  },
});
