import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const receiverErrors = defineErrors({
  'LS-RECEIVER-001': {
    exit: EXIT.usage,
    title: "a receiver's secret is not a URL",
    explanation:
      'Slack and webhook receivers are reached by a URL, which is kept as a secret because whoever knows it can post. ' +
      'What was found there is something else: often the name of a variable that was never replaced, or only a part ' +
      'of the URL. Its value is not shown. Alertmanager would accept it silently and fail at every send.',
  },
  'LS-RECEIVER-002': {
    exit: EXIT.usage,
    title: 'a Slack URL is not that of an incoming webhook',
    explanation:
      'Slack has several kinds of URL. Alertmanager speaks to incoming webhooks only: ' +
      'https://hooks.slack.com/services/T…/B…/…. A placeholder left from an example, a URL that was cut when it was ' +
      'copied, and the trigger of a workflow (/triggers/…, /workflows/…) are refused by Slack at every send.',
  },
  'LS-RECEIVER-003': {
    exit: EXIT.usage,
    title: 'a receiver needs a newer Alertmanager',
    explanation:
      'A setting of a receiver is one that the Alertmanager of this stack does not know yet: it would refuse the whole ' +
      'configuration. Take a newer Alertmanager (`components.alertmanager.version`), or do without the setting.',
  },
  'LS-RECEIVER-004': {
    exit: EXIT.usage,
    title: 'a Slack token is not that of a bot',
    explanation:
      'Alertmanager posts with the bot token of a Slack app, which begins with xoxb-. What was found there is something ' +
      'else: an app-level token (xapp-), a signing secret, a webhook URL, or a variable that was never replaced. Its value ' +
      'is not shown. Slack answers `invalid_auth` at every send.',
  },
  'LS-RECEIVER-005': {
    exit: EXIT.usage,
    title: 'a webhook leads to a service that takes no webhook of Alertmanager',
    explanation:
      'Slack, Discord, Teams, PagerDuty and Telegram have URLs that are called webhooks, too, and take messages in a form ' +
      "of their own. What `webhook:` sends is Alertmanager's JSON, which they refuse with status 400 at every send. Each has " +
      'a receiver that speaks its form: `slack:`, `pagerduty:`, or `alertmanager:` with its type.',
  },
  'LS-RECEIVER-006': {
    exit: EXIT.usage,
    title: 'a secret holds a variable that nobody replaced',
    explanation:
      'Nothing puts a value in the place of `${NAME}` inside of a secret: it would be sent to the provider as it stands, ' +
      'and refused there. Its value is not shown.',
  },
  'LS-RECEIVER-010': {
    exit: EXIT.usage,
    title: 'a PagerDuty key is not the key of an integration',
    explanation:
      'An integration key of PagerDuty has 32 letters and digits. What was found there is something else: the name of a ' +
      'variable that was never replaced, a URL, a key of the REST API (20 characters, for `read_back` only), or a part ' +
      'of the key. Its value is not shown. Alertmanager accepts it silently, and PagerDuty refuses every event: ' +
      "`Length of 'routing_key' is incorrect`.",
  },
  'LS-RECEIVER-011': {
    exit: EXIT.no,
    title: 'a provider refused a message that was sent to it directly',
    explanation:
      'The message went past Alertmanager, straight to the provider, which answered and did not take it. Its words are ' +
      'quoted. Alertmanager would be refused in the same way with the same credentials.',
  },
  'LS-RECEIVER-012': {
    exit: EXIT.couldNotCheck,
    title: 'a provider could not be asked',
    explanation:
      'There was no answer, or one that says nothing about the question: the network, a proxy, a limit of the rate, or ' +
      'a problem of the provider. Whether messages arrive there is not known.',
  },
  'LS-RECEIVER-013': {
    exit: EXIT.authentication,
    title: 'a provider does not let these credentials read',
    explanation:
      'To look whether a message is there, `read_back` needs credentials of its own, which are not those for sending. ' +
      'The provider knows them not, or does not let them read.',
  },
  'LS-RECEIVER-014': {
    exit: EXIT.usage,
    title: 'the file of an authority cannot be read',
    explanation:
      "`ca_file` names the PEM file of the authority that signed a server's certificate. It is not there, or this user may " +
      'not read it, so that nobody can tell whether the server is the right one. Alertmanager refuses its whole ' +
      'configuration for such a file, or fails at every send.',
  },
  'LS-RECEIVER-030': {
    exit: EXIT.usage,
    title: 'a user name or password is not one that a mail server gets as it is',
    explanation:
      'It holds a variable that nobody replaced, several lines, or white space at its ends, which Alertmanager trims: the ' +
      'mail server would get something else. Its value is not shown. Alertmanager accepts it silently and fails at every ' +
      'mail.',
  },
  'LS-RECEIVER-031': {
    exit: EXIT.authentication,
    title: 'a mail server does not let us log in',
    explanation:
      'User name or password are not right, or not of the kind that the server takes: many providers want an app ' +
      'password in place of that of the mailbox. The words of the server are quoted. Alertmanager tries again and ' +
      'again, and fails in the same way.',
  },
  'LS-RECEIVER-032': {
    exit: EXIT.no,
    title: 'the connection with a mail server could not be encrypted',
    explanation:
      'The server offers no STARTTLS, or its certificate is expired, for another name, or of an authority that is not ' +
      'known here. A password and alerts are not sent in clear. For a server with an authority of your own, name its PEM ' +
      'file with `ca_file`: then that one alone is trusted.',
  },
  'LS-RECEIVER-033': {
    exit: EXIT.usage,
    title: 'there is no such folder in the mailbox',
    explanation:
      '`read_back.mailbox` names the folder in which alerts arrive, as the IMAP server calls it: `INBOX`, or where a ' +
      'filter puts them.',
  },
  'LS-RECEIVER-034': {
    exit: EXIT.no,
    title: 'the mail arrived among the spam',
    explanation:
      'The mail server took it and the mailbox has it, in the folder for spam, where nobody sees an alert. Usually the ' +
      'domain of `from` does not vouch for the server that sends: SPF and DKIM are records in its DNS. Mark the mail as ' +
      'no spam, too: many providers learn from that.',
  },
});
