import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const deliveryErrors = defineErrors({
  'LS-DELIVERY-001': {
    exit: EXIT.couldNotCheck,
    title: 'the configuration of an Alertmanager is not understood',
    explanation:
      'Receivers and routes are read from the configuration that Alertmanager has loaded, as its API gives it. ' +
      'Something in it, a matcher for instance, is written in a way that Leitstand cannot follow, so that it cannot ' +
      'say which alert reaches whom. Nothing was sent.',
  },
});
