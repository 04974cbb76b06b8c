import type { ReceiverSetup } from '../../stack/receiver.ts';

/** Towards the inbox, which takes any name and password. */
export const emailSetup: ReceiverSetup = {
  label: 'e-mail',
  urgency: 'later',
  keys: [
    {
      key: 'to',
      what: 'address of the recipient of alerts',
      inbox: () => 'ops@inbox.test',
      variable: 'ALERT_MAIL_TO',
      isSecret: false,
    },
    {
      key: 'from',
      what: 'address that the mail server lets you send from',
      inbox: () => 'alerts@inbox.test',
      variable: 'ALERT_MAIL_FROM',
      isSecret: false,
    },
    {
      key: 'smarthost',
      what: 'mail server, with its port: smtp.example.org:587',
      inbox: (hostPort) => hostPort,
      variable: 'SMTP_SMARTHOST',
      isSecret: false,
    },
    {
      key: 'username',
      what: 'user name at the mail server',
      inbox: () => 'alerts',
      variable: 'SMTP_USERNAME',
      isSecret: true,
    },
    {
      key: 'password',
      what: 'its password, or an app password',
      inbox: () => 'anything-goes-in-the-inbox',
      variable: 'SMTP_PASSWORD',
      isSecret: true,
    },
  ],
};
