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
      'Backups that are not encrypted are often read by more people than those who may know the secrets. A configuration ' +
      'that names its secrets is stored; one that holds them is stored in encrypted backups only. The other sources are ' +
      'backed up.',
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
  'LS-BACKUP-008': {
    exit: EXIT.usage,
    title: 'nobody has shown yet that the recovery key opens the backups',
    explanation:
      'Encrypted backups are worth as much as the secret half of a recovery key that people really have. Before the first ' +
      'one, one of the keys in `backup.recovery_keys` has to be tried: `leitstand init` and `leitstand backup kit --new` do ' +
      'that with the keys they make, `leitstand backup kit --prove FILE` with a kit or an identity file of age. Nothing was ' +
      'read or stored.',
  },
  'LS-BACKUP-009': {
    exit: EXIT.usage,
    title: 'the recovery kit cannot be read',
    explanation:
      'A kit is the text that `leitstand init` or `leitstand backup kit` printed. The lines with a colon are for machines, ' +
      'in every language the same, and the keys in them check themselves: one mistyped character is found. Only where the ' +
      'backups are may be changed by hand. No secret is ever quoted.',
  },
  'LS-BACKUP-010': {
    exit: EXIT.wrongKey,
    title: 'the key does not open these backups',
    explanation:
      'The secret half that was given belongs to none of the recovery keys to which the backups are encrypted, or the kit ' +
      'holds none. Each backup is encrypted to the recovery keys of its time: `leitstand backup show SNAPSHOT` names them.',
  },
  'LS-BACKUP-011': {
    exit: EXIT.usage,
    title: 'the recovery key would be lost',
    explanation:
      'A new recovery key is shown once. Without a terminal nobody would see it, and into a log or a file that others can ' +
      'read it must not go: `--kit FILE` writes it to a new file that only its owner can read, outside of the directory of ' +
      'the stack. Nothing was written.',
  },
  'LS-BACKUP-012': {
    exit: EXIT.couldNotDo,
    title: 'the stack cannot be restored there',
    explanation:
      '`leitstand restore --all` writes into places that are not there yet, or are empty, and never over anything. A file ' +
      '`TARGET.restoring-all` says that it did not finish: the same command goes on with the same snapshots.',
  },
  'LS-BACKUP-013': {
    exit: EXIT.usage,
    title: 'the backups would not be encrypted any more',
    explanation:
      'Up to now they were, and the configuration names no recovery key any more: most often a slip, such as a section of ' +
      '`environments` that takes it out, and what is once in a bucket can be read there. Nothing was read or stored. Where it ' +
      'is meant, one `leitstand backup --unencrypted` says so, and the ones after it need not.',
  },
});
