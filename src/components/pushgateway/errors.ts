import { defineErrors } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';

export const pushgatewayErrors = defineErrors({
  'LS-PUSHGATEWAY-001': {
    exit: EXIT.couldNotCheck,
    title: 'the Pushgateway cannot be reached',
    explanation:
      'No answer came: it does not run, hangs, or listens elsewhere. Nothing is known about the metrics it holds.',
  },
  'LS-PUSHGATEWAY-002': {
    exit: EXIT.authentication,
    title: 'the Pushgateway refuses the credentials',
    explanation:
      'It answered 401 or 403. Something in front of it, or its own web configuration, wants a login.',
  },
  'LS-PUSHGATEWAY-003': {
    exit: EXIT.couldNotCheck,
    title: 'what answers is no Pushgateway',
    explanation:
      'Its API (version 1, since Pushgateway 1.0) is asked for the groups, their values and its flags.',
  },
  'LS-PUSHGATEWAY-004': {
    exit: EXIT.couldNotDo,
    title: 'the Pushgateway keeps its metrics in memory only',
    explanation:
      'Without --persistence.file everything that was pushed is gone when it ends, and there is nothing to back up. ' +
      'Leitstand always sets it where it runs the Pushgateway itself.',
  },
  'LS-PUSHGATEWAY-005': {
    exit: EXIT.couldNotDo,
    title: 'the file of the Pushgateway is not to be found',
    explanation:
      'A backup needs the file that --persistence.file names, in the data directory and readable by the user who runs ' +
      'the backup. It is written within --persistence.interval of a push.',
  },
  'LS-PUSHGATEWAY-006': {
    exit: EXIT.couldNotDo,
    title: 'the file of the Pushgateway is not what it writes',
    explanation:
      'A Pushgateway that starts on such a file logs an error, is ready, holds nothing, and writes over the file at the ' +
      'next push. The running one still has everything in memory and writes the file anew after a push and when it ends.',
  },
});
