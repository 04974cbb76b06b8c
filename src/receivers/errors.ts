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
});
