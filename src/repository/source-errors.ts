import type { CaptureEntry } from '../stack/source.ts';
import { repositoryErrors } from './errors.ts';

/** LS-REPO-009. `problem`: a code of the system, or words. */
export function unreadable(entry: CaptureEntry, problem: string) {
  return repositoryErrors.error('LS-REPO-009', {
    what: `${entry.path} cannot be read`,
    why: problem === 'ELOOP' ? 'it is a symbolic link' : problem,
    where: { file: entry.file },
    fix:
      problem === 'EACCES' || problem === 'EPERM'
        ? `run the backup as the user that owns ${entry.file}, or as root`
        : 'run the backup again; if it fails again, the disk or the program that owns the file needs a look',
  });
}

/** LS-REPO-008. */
export function changedMeanwhile(entry: CaptureEntry) {
  return repositoryErrors.error('LS-REPO-008', {
    what: `${entry.path} changed while it was read`,
    why:
      entry.class === 'immutable'
        ? 'its program promises never to change this file, so something else writes to it'
        : 'it changed in two readings one after the other',
    where: { file: entry.file },
    fix: 'find out what writes to it (fuser or lsof show it) and run the backup again',
  });
}

/** LS-REPO-038. `snapshot`: the one that holds the earlier content. */
export function alteredUnnoticed(entry: CaptureEntry, snapshot: string) {
  return repositoryErrors.error('LS-REPO-038', {
    what: `${entry.path} has other content than in snapshot ${snapshot}, although nobody wrote to it`,
    why: 'its size and its time are the same, and its program promises never to change it: most likely the disk has rotted',
    where: { file: entry.file },
    fix: `compare it with what \`leitstand restore ${snapshot}\` gives back, and look at the disk (smartctl -a, dmesg)`,
  });
}

/** LS-REPO-039. */
export function noLongerReadable(entry: CaptureEntry, snapshot: string, problem: string) {
  return repositoryErrors.error('LS-REPO-039', {
    what: `${entry.path} cannot be read any more; the backup holds what snapshot ${snapshot} held`,
    why: problem,
    where: { file: entry.file },
    fix: `look at the disk (smartctl -a, dmesg); \`leitstand restore ${snapshot}\` gives the file back`,
  });
}

/** LS-REPO-040. */
export function vanishedMeanwhile(entry: CaptureEntry) {
  return repositoryErrors.error('LS-REPO-040', {
    what: `${entry.path} was deleted while the backup ran, and is not in it`,
    where: { file: entry.file },
    fix: 'see whether its program did that; if it is to be in a backup, run the backup again',
  });
}
