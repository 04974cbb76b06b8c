import { defineErrors } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';

export const alertmanagerErrors = defineErrors({
  'LS-ALERTMANAGER-001': {
    exit: EXIT.couldNotCheck,
    title: 'Alertmanager cannot be reached',
    explanation:
      'No answer came from Alertmanager: it does not run, hangs, or listens elsewhere. Nothing is known about the ' +
      'alerts behind it, which is neither good news nor bad. `leitstand status` shows whether it runs.',
  },
  'LS-ALERTMANAGER-002': {
    exit: EXIT.authentication,
    title: 'Alertmanager refuses the credentials',
    explanation:
      'It answered 401 or 403. Something in front of it, or its own web configuration, wants a login.',
  },
  'LS-ALERTMANAGER-003': {
    exit: EXIT.couldNotCheck,
    title: 'Alertmanager gave an answer that it should not give',
    explanation:
      'Something answered in its place (a proxy, another program on the port), or its API is one that Leitstand does ' +
      'not know: version 2 is needed, which every Alertmanager since 0.16 has.',
  },
  'LS-ALERTMANAGER-004': {
    exit: EXIT.couldNotCheck,
    title: 'Alertmanager is not ready',
    explanation: 'It answers, but says of itself that it is not ready: it is just starting, or about to end.',
  },
});
