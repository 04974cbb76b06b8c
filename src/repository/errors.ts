import { EXIT } from '../platform/exit-codes.ts';
import { defineErrors } from '../platform/errors.ts';

export const repositoryErrors = defineErrors({
  'LS-REPO-001': {
    exit: EXIT.noRepository,
    title: 'there is no repository in this store',
    explanation:
      'A repository has a file `lsb1.json` at its root, written by the first backup setup. It is not there: the path is wrong, a disk or share is not mounted, or no repository was ever made. Nothing was written.',
  },
  'LS-REPO-002': {
    exit: EXIT.wrongKey,
    title: 'a record is signed with another key',
    explanation:
      'Every record is signed by the host that wrote it. This one carries the name of another key than the one in use, so it proves nothing here: it comes from another installation, or somebody put it there. Use the public key of the installation that made the backups (it is in the recovery kit).',
  },
  'LS-REPO-003': {
    exit: EXIT.no,
    title: 'a record was altered or cut off',
    explanation:
      'The record is not exactly what was signed. Its contents are not used for anything. Other snapshots are not affected; choose one of those, or fetch this file again from a copy of the repository.',
  },
  'LS-REPO-004': {
    exit: EXIT.no,
    title: 'a file list is missing, altered or cut off',
    explanation:
      'A list holds the files of one day of one or more snapshots; its name is the SHA-256 of its bytes. Fetch the file again from a copy of the repository, or use another snapshot.',
  },
  'LS-REPO-005': {
    exit: EXIT.no,
    title: 'a pack is missing, altered or cut off',
    explanation:
      'A pack holds the contents of files; its name is the SHA-256 of its bytes. Fetch it again from a copy of the repository, or use a snapshot that does not need it. `leitstand backup verify` names every file it concerns.',
  },
  'LS-REPO-006': {
    exit: EXIT.couldNotDo,
    title: 'the store is full',
    explanation:
      'The store had no room for another object. No snapshot was written, earlier ones are unharmed, and what was already stored is used by the next run.',
  },
  'LS-REPO-007': {
    exit: EXIT.couldNotDo,
    title: 'the store refused to work',
    explanation:
      'The store could not be read or written, for the reason given by the system (rights, a read-only mount, an input/output error). No snapshot was written.',
  },
  'LS-REPO-008': {
    exit: EXIT.couldNotDo,
    title: 'a file changed while it was read',
    explanation:
      'A file that must never change did, or a file that may change did so twice in a row. A snapshot with half of the old and half of the new content would be worthless, so none was written.',
  },
  'LS-REPO-009': {
    exit: EXIT.couldNotDo,
    title: 'a file of the source cannot be read',
    explanation:
      'A file that the capture promised is not there, is no regular file, or may not be read by this user. A snapshot without it would be incomplete, so none was written.',
  },
  'LS-REPO-010': {
    exit: EXIT.couldNotDo,
    title: 'the restore target is not usable',
    explanation:
      'A restore writes only into a directory that does not exist yet or is empty, and never over anything. A file `TARGET.restoring` beside it says that a restore did not finish: the same command (same snapshot, same choice of files) goes on with it; anything else needs another directory.',
  },
  'LS-REPO-011': {
    exit: EXIT.no,
    title: 'a path in the snapshot would leave the target',
    explanation:
      'The snapshot names a file with an absolute path, with `..`, or through a symbolic link. Leitstand never writes such names; nothing was written for it.',
  },
  'LS-REPO-012': {
    exit: EXIT.usage,
    title: 'there is no such snapshot',
    explanation: 'Snapshots are named by their id. `leitstand backup list` shows those that exist.',
  },
  'LS-REPO-013': {
    exit: EXIT.couldNotDo,
    title: 'the store is already in use',
    explanation:
      'A repository is only made in an empty store: there is one already, or the place holds something else, which backups would be mixed with.',
  },
  'LS-REPO-014': {
    exit: EXIT.couldNotDo,
    title: 'the signing key cannot be used',
    explanation:
      'The private key with which records are signed is missing, unreadable, of the wrong kind, or open to other users. A new one is never made silently beside an old public half, since all earlier backups would then look foreign.',
  },
  'LS-REPO-015': {
    exit: EXIT.couldNotDo,
    title: 'the repository has a format this version does not know',
    explanation: 'The repository was written by a newer version of Leitstand. Nothing was read or written.',
  },
  'LS-REPO-016': {
    exit: EXIT.no,
    title: 'a restored file does not have its recorded content',
    explanation:
      'All parts of the file were read, but together they are not the file that was backed up. The target keeps its `.restoring` mark.',
  },
  'LS-REPO-017': {
    exit: EXIT.couldNotDo,
    title: 'compressed data did not decode to what went in',
    explanation:
      'Each compressed part is decoded and compared before it is stored. A difference means faulty memory or a faulty compression library on this machine. No snapshot was written.',
  },
  'LS-REPO-018': {
    exit: EXIT.couldNotDo,
    title: 'the restore could not write',
    explanation:
      'A file or directory of the target could not be written, for the reason given by the system. The target is incomplete and keeps its `.restoring` mark.',
  },
  'LS-REPO-019': {
    exit: EXIT.couldNotDo,
    title: 'stored data vanished during the backup',
    explanation:
      'Just before the commit, an object the new snapshot needs was no longer in the store: something else deletes there. No snapshot was written.',
  },
  'LS-REPO-020': {
    exit: EXIT.couldNotDo,
    title: 'the S3 store cannot be reached',
    explanation:
      'No answer came from the S3 server: the network, a name, a certificate or the server itself. Nothing was lost: what ' +
      'was stored already is used by the next run.',
  },
  'LS-REPO-021': {
    exit: EXIT.authentication,
    title: 'the S3 store refuses the credentials',
    explanation:
      'They are missing, wrong, expired, or not allowed to do this. Without `access_key_id` in leitstand.yaml they come ' +
      "from AWS' own chain: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a web identity, the role of the " +
      'machine. docs/backup.md has the least policy that a backup needs.',
  },
  'LS-REPO-022': {
    exit: EXIT.couldNotDo,
    title: 'the clocks of this machine and of the S3 store differ',
    explanation:
      'S3 refuses requests whose time is more than 15 minutes away from its own. Let the clock of the wrong one be ' +
      'synchronised (chrony, systemd-timesyncd).',
  },
  'LS-REPO-023': {
    exit: EXIT.usage,
    title: 'the S3 bucket is not where the configuration says',
    explanation:
      'There is no bucket of that name at the endpoint, or it is in another region. Leitstand makes no buckets, but in a ' +
      '`component` of the stack: their rights, versions and locks are for you to decide.',
  },
  'LS-REPO-024': {
    exit: EXIT.couldNotDo,
    title: 'the S3 store failed',
    explanation:
      'It answered with an error, also after several attempts. No snapshot was written, earlier ones are unharmed, and ' +
      'what was already stored is used by the next run.',
  },
  'LS-REPO-025': {
    exit: EXIT.usage,
    title: 'the store cannot be opened as the configuration says',
    explanation:
      'A file that the configuration names cannot be read, or the configuration has mistakes, so that it is not known ' +
      'where the backups are.',
  },
  'LS-REPO-026': {
    exit: EXIT.couldNotDo,
    title: 'nothing is deleted, since not everything is understood',
    explanation:
      'Retention deletes only when every record of the repository can be read and holds, when nothing is missing that ' +
      'must be there, and when what would go is not suspiciously much. Otherwise a record that could not be read might ' +
      'be the one that needs what is about to go. Nothing was deleted.',
  },
  'LS-REPO-027': {
    exit: EXIT.couldNotDo,
    title: 'a backup took longer than a day',
    explanation:
      'What retention has condemned may be deleted two days later. A run that lasts longer than one could build upon ' +
      'it, so it makes no snapshot. What it has stored is used by the next run.',
  },
  'LS-REPO-028': {
    exit: EXIT.usage,
    title: 'the snapshot has no such file',
    explanation:
      'Files are named by their path in the snapshot, or by the one that they have when they are restored; ' +
      '`leitstand backup show SNAPSHOT --files` prints both. Nothing was written.',
  },
  'LS-REPO-029': {
    exit: EXIT.wrongKey,
    title: 'no key is here that opens this backup',
    explanation:
      'The backup is encrypted. The host that made it can open its newest backups by itself; everything else, and another ' +
      'machine, needs the secret half of one of the recovery keys that the backup was encrypted to: `--identity FILE`. ' +
      'Nothing was written, and nothing is damaged.',
  },
  'LS-REPO-030': {
    exit: EXIT.usage,
    title: 'this is no key of age',
    explanation:
      'A recovery key has two halves: the public one, age1…, to which backups are encrypted, and the secret one, ' +
      'AGE-SECRET-KEY-1…, which opens them. Where one is asked for, something else was given. No secret is ever quoted.',
  },
  'LS-REPO-031': {
    exit: EXIT.couldNotDo,
    title: 'the keys of encrypted backups cannot be used',
    explanation:
      'The state directory holds a key of this host and the keys of the packs of its newest backups, readable by its user ' +
      'alone. One of these files cannot be read or written. Backups are not lost by that: the recovery key opens them.',
  },
  'LS-REPO-032': {
    exit: EXIT.partial,
    title: 'this host keeps a wrong key of a pack',
    explanation:
      'The file `keys/packs-….jsonl` in the state directory holds the keys of the packs of the newest backups. One of them ' +
      'does not open its pack, which is as it was written: the line was changed, by a disk or by hand. No backup is damaged. ' +
      'With the recovery key (`--identity FILE`) the pack was read all the same; without it this host cannot read it.',
  },
  'LS-REPO-035': {
    exit: EXIT.usage,
    title: 'the bucket does not lock objects',
    explanation:
      '`backup.s3.object_lock` is set, and the bucket was made without object lock, or the server has none. What is ' +
      'stored without a lock can be deleted by whoever has the keys, so nothing more was stored. AWS can switch it on for a ' +
      'bucket that is there; elsewhere it takes a new bucket. `leitstand doctor` says what the bucket can do.',
  },
  'LS-REPO-036': {
    exit: EXIT.couldNotDo,
    title: 'the store holds an object with a lock',
    explanation:
      'The object is locked until a time, and neither deleted nor replaced before. That is what the lock is for: wait until ' +
      'then.',
  },
  'LS-REPO-038': {
    exit: EXIT.partial,
    title: 'a file of the source is not what it was, although nobody wrote to it',
    explanation:
      'A file that its program never changes has the size and the time that it had, and other content than in the backup ' +
      'before: most likely the disk, its controller or the memory altered it. Each run reads a thirtieth of the unchanged ' +
      'content again to find that. The content of now is in the new backup, the earlier one stays in the earlier backups: ' +
      'restore the file from there before retention takes them away, and look at the disk.',
  },
  'LS-REPO-039': {
    exit: EXIT.partial,
    title: 'a file of the source cannot be read any more',
    explanation:
      'The disk gave an error for a file that is unchanged since the last backup. The new backup holds what that one held, ' +
      'so nothing is lost there; the program that owns the file may already miss it. Look at the disk, and restore the file.',
  },
  'LS-REPO-040': {
    exit: EXIT.partial,
    title: 'a file vanished while it was backed up',
    explanation:
      'The capture named a file that its program may change, and when its turn came it was not there any more. The backup was ' +
      'made without it, and says so in its known loss. A file that its program never changes must not vanish: then the ' +
      'backup fails (LS-REPO-009).',
  },
  'LS-REPO-041': {
    exit: EXIT.couldNotDo,
    title: 'a list of files would be longer than it may be',
    explanation:
      'A list says for each 4 MiB of a file where it is stored, and what reads it takes 256 MiB of that: enough for a file of ' +
      '7 TB. No snapshot was written, since its files could not have been restored. Earlier ones are unharmed.',
  },
});
