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
  'LS-ALERTMANAGER-005': {
    exit: EXIT.couldNotDo,
    title: 'a state file of Alertmanager is not what Alertmanager writes',
    explanation:
      'Silences and the notification log are two files of delimited protobuf messages, replaced as a whole. This one ' +
      'cannot be read, so a restored Alertmanager would not start on it. The running one has everything in memory and ' +
      'writes the file anew every minute and when it ends.',
  },
  'LS-ALERTMANAGER-006': {
    exit: EXIT.couldNotDo,
    title: 'the state files of Alertmanager are not to be found',
    explanation:
      'A backup needs the directory of its --storage.path, readable by the user who runs the backup. The API alone does ' +
      'not give the notification log, and silences that are made again get new ids and no past.',
  },
});
