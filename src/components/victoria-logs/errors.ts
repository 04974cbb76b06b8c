import { defineErrors } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';

export const victoriaLogsErrors = defineErrors({
  'LS-VICTORIALOGS-001': {
    exit: EXIT.couldNotCheck,
    title: 'VictoriaLogs cannot be reached',
    explanation:
      'Nothing answered at the URL, or the answer did not come in time. What was to be asked is unknown: neither ' +
      'good nor bad. `leitstand status` shows whether it runs.',
  },
  'LS-VICTORIALOGS-002': {
    exit: EXIT.authentication,
    title: 'VictoriaLogs refuses access',
    explanation:
      'VictoriaLogs, or a proxy in front of it, answered 401 or 403. The calls for backups are refused in this way ' +
      'when it was started with -partitionManageAuthKey.',
  },
  'LS-VICTORIALOGS-003': {
    exit: EXIT.couldNotCheck,
    title: 'the answer is not one of VictoriaLogs',
    explanation:
      'Something answered, but not in the form of the VictoriaLogs HTTP API: another program on the port, a page of ' +
      'a proxy, or a version that does not know the call.',
  },
  'LS-VICTORIALOGS-004': {
    exit: EXIT.couldNotCheck,
    title: 'VictoriaLogs could not execute a query',
    explanation:
      'VictoriaLogs understood that it was asked and refused to answer; its own text is quoted. It says nothing about ' +
      'the data, unless the text speaks of it.',
  },
  'LS-VICTORIALOGS-005': {
    exit: EXIT.couldNotCheck,
    title: 'an answer of VictoriaLogs broke off',
    explanation:
      'The answer had begun and the connection ended before its end. VictoriaLogs checks no block when it reads: ' +
      'damaged data makes the whole program end with a panic, and this is what it looks like from outside. Otherwise ' +
      'it was stopped, or the query ran longer than -search.maxQueryDuration.',
  },
  'LS-VICTORIALOGS-006': {
    exit: EXIT.couldNotDo,
    title: 'VictoriaLogs refuses a call about its partitions',
    explanation:
      'VictoriaLogs keeps one partition a day (UTC). Creating, listing and deleting their snapshots needs version ' +
      '1.44 or newer. A partition outside of the retention cannot be attached: it is deleted at once.',
  },
  'LS-VICTORIALOGS-007': {
    exit: EXIT.couldNotDo,
    title: 'a snapshot of VictoriaLogs cannot be used',
    explanation:
      'VictoriaLogs made the snapshot, and it is not where it should be or cannot be read. The data directory is another ' +
      'one than its -storageDataPath, or the user who runs the backup may not read it.',
  },
  'LS-VICTORIALOGS-008': {
    exit: EXIT.couldNotDo,
    title: 'VictoriaLogs deleted data while it was backed up',
    explanation:
      'Its retention removed a whole day between the snapshot and the questions about it, three times in a row. The ' +
      'facts would not fit the files, so there is no snapshot of this run.',
  },
});
