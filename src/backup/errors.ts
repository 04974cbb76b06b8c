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
  'LS-BACKUP-004': {
    exit: EXIT.couldNotDo,
    title: 'the configuration has a secret written into it',
    explanation:
      'A repository is not encrypted yet, and its readers are often more people than those who may know the secrets. ' +
      'A configuration that names its secrets is stored; one that holds them is not. Its other sources are backed up.',
  },
  'LS-BACKUP-005': {
    exit: EXIT.couldNotDo,
    title: "one of Leitstand's own files cannot be read",
    explanation:
      'The backup of Leitstand itself holds the configuration, the rule files that it names, leitstand.lock, the public ' +
      'half of the signing key and leitstand.db. All of them have to be readable by the user who runs the backup.',
  },
  'LS-BACKUP-006': {
    exit: EXIT.couldNotDo,
    title: 'a file could not be read or written during a backup',
    explanation:
      'Small files that their programs replace are copied before they are stored, into `run/backup` of the state ' +
      'directory. The disk is full, or its rights are not those of the user who runs the backup. The source has no ' +
      'snapshot from this run.',
  },
  'LS-BACKUP-007': {
    exit: EXIT.partial,
    title: "the backup's metrics could not be told",
    explanation:
      "The backup itself is made. Its figures are also on the daemon's own page and, where there is one, in the " +
      'Pushgateway; this one place did not take them, so that an alert that looks there will find the last ones.',
  },
});
