import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const backupErrors = defineErrors({
  'LS-BACKUP-001': {
    exit: EXIT.locked,
    title: 'another backup is running',
    explanation:
      'Two backups at once would read the same data twice and disturb each other. The lock is held by the ' +
      'process that is named and falls with it, however it ends; there is no stale lock to remove.',
  },
  'LS-BACKUP-002': {
    exit: EXIT.usage,
    title: 'there is nothing to back up',
    explanation: 'No component of the stack keeps data that Leitstand knows how to back up.',
  },
  'LS-BACKUP-003': {
    exit: EXIT.bug,
    title: 'a source failed in a way Leitstand did not foresee',
    explanation:
      'The source has no snapshot from this run; the other sources were backed up. The text and the place in ' +
      'the program are quoted: please report them.',
  },
});
