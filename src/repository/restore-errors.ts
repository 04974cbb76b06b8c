import { LeitstandError, systemErrorCode } from '../platform/errors.ts';
import { repositoryErrors } from './errors.ts';
import type { FileEntry } from './file-entry.ts';
import type { ListReference, SnapshotRecord } from './records.ts';

/** Not of Node or a library, such as ERR_INVALID_ARG_TYPE: those are bugs. */
const OF_SYSTEM = /^E[A-Z0-9]+$/;

/** The system's errors told as LS-REPO-018. */
export function writing<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

export async function writingAsync<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

/** What is thrown instead. */
export function notWritten(path: string, cause: unknown): unknown {
  const code = systemErrorCode(cause);
  if (cause instanceof LeitstandError || code === undefined || !OF_SYSTEM.test(code)) return cause;
  return repositoryErrors.error('LS-REPO-018', {
    what: `could not write ${path}`,
    why: code === 'EEXIST' ? 'two files of the snapshot map to this path, or something else made it' : code,
    where: { file: path },
    fix: fixOf(code),
    cause,
  });
}

function fixOf(code: string): string {
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return 'make room on that disk (df -h) and run the same restore again: it goes on where it stopped';
  if (code === 'EPERM')
    return 'only root may give files to other users: run it as root, or with `--owner me`';
  if (code === 'EINVAL')
    return 'the owner that is recorded does not exist here, as in a container of a plain user: restore with `--owner me`';
  if (code === 'EEXIST')
    return 'restore without one of the two (--exclude NAME); if the backup is not of a program of yours, do not trust it';
  if (code === 'EFBIG' || code === 'ENAMETOOLONG')
    return 'choose a target on a file system that takes files and names of that length, and look at the limit on the size of files (ulimit -f)';
  if (code === 'EIO' || code === 'ESTALE' || code === 'EROFS')
    return 'look at the disk or share of the target (dmesg, findmnt), or choose another target';
  return 'choose a target this user may write to';
}

export function unusable(root: string, why: string, fix: string): LeitstandError {
  return repositoryErrors.error('LS-REPO-010', {
    what: 'cannot restore into this target',
    why,
    where: { file: root },
    fix,
  });
}

export function unsafe(path: string, why: string): LeitstandError {
  return repositoryErrors.error('LS-REPO-011', {
    what: `refused to write ${JSON.stringify(path)}`,
    why,
    fix: 'treat this snapshot as hostile or broken: use another one, and find out who wrote it',
  });
}

/** LS-REPO-016: sound parts that are another file. */
export function wronglyPut({ id }: SnapshotRecord, { path }: FileEntry): LeitstandError {
  return repositoryErrors.error('LS-REPO-016', {
    what: `${path} does not have the content that was backed up`,
    why: `its parts are sound, but snapshot ${id} puts them together wrongly`,
    fix: 'use another snapshot (leitstand backup list), or restore the rest with --keep-going',
  });
}

/** Something of the repository is damaged or missing: the only thing that a restore can go around. */
export function isDamage(error: unknown): error is LeitstandError {
  return (
    error instanceof LeitstandError && ['LS-REPO-004', 'LS-REPO-005', 'LS-REPO-016'].includes(error.code)
  );
}

/** What goes with a list, in words. */
export function lostFiles({ files, day, until }: ListReference): string {
  const days = until === undefined ? `on ${day}` : `from ${day} to ${until}`;
  return `${files} files last changed ${days}, unless other lists have them`;
}
