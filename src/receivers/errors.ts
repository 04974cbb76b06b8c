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
});
