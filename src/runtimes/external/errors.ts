import { defineErrors } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';

export const externalErrors = defineErrors({
  'LS-EXTERNAL-001': {
    exit: EXIT.usage,
    title: 'somebody else runs the stack',
    explanation:
      'A stack under `attach:` is watched, tested, backed up and drilled, and never changed: nothing of it is ' +
      'started, stopped, reloaded or rendered, and its logs are where its operator keeps them. Nothing was done.',
  },
  'LS-EXTERNAL-002': {
    exit: EXIT.usage,
    title: 'the data directory of an attached program is not known',
    explanation:
      "A backup reads the program's files, so it needs `data_dir` beside `url`: the directory as this machine sees " +
      'it (the same machine, or a mount of it). Prometheus names its own on the page /flags as ' +
      '`storage.tsdb.path`; in a container it is the volume on the host.',
  },
  'LS-EXTERNAL-003': {
    exit: EXIT.couldNotCheck,
    title: 'an attached program cannot be reached',
    explanation:
      'No answer came from the URL. That says nothing about the program: it may run well and be out of reach from ' +
      'here. It is therefore unknown, never "down". The reason is named: a refused connection, a name that is not ' +
      'known, no answer in time, or a certificate that is not trusted.',
  },
  'LS-EXTERNAL-004': {
    exit: EXIT.authentication,
    title: 'an attached program refuses the credentials',
    explanation:
      'It, or a proxy in front of it, answered 401 (who are you) or 403 (you may not). Credentials are set beside ' +
      'its `url`: `username` and `password`, or `bearer_token`, best as `${secret:NAME}`. They are never shown.',
  },
  'LS-EXTERNAL-005': {
    exit: EXIT.couldNotCheck,
    title: 'what answers is not the attached program',
    explanation:
      'Something answers at the URL, but not as that program does: a login page, a proxy, another program, or a path ' +
      'prefix (--web.route-prefix) that is missing in `url`.',
  },
  'LS-EXTERNAL-006': {
    exit: EXIT.couldNotCheck,
    title: 'an attached program is not ready',
    explanation:
      'It answers, and says of itself that it is not ready: it is starting, ending, or in trouble.',
  },
  'LS-EXTERNAL-007': {
    exit: EXIT.usage,
    title: 'the settings of an attached program cannot be used',
    explanation:
      'The file with the certificates cannot be read, or the credentials do not belong together: basic ' +
      'authentication needs `username` and `password`, and excludes `bearer_token`.',
  },
  'LS-EXTERNAL-008': {
    exit: EXIT.couldNotDo,
    title: 'the data directory of an attached program cannot be used',
    explanation:
      'The backup must read the files of the program, and for Prometheus also remove the snapshot directory that was ' +
      'made for it, in the data directory. Run Leitstand as the user the program runs as. Nothing was changed.',
  },
});
