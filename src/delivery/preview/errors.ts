import { defineErrors } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';

export const previewErrors = defineErrors({
  'LS-PREVIEW-001': {
    exit: EXIT.couldNotDo,
    title: 'the Alertmanager of a preview does not start',
    explanation:
      'A preview starts an Alertmanager of its own for a moment, with the configuration of the stack and a stand-in for ' +
      'every provider. It ended at once: it refuses the configuration, or the machine refuses the program. Its last ' +
      'lines say which. Nothing was sent, and the running Alertmanager was not touched.',
  },
});
