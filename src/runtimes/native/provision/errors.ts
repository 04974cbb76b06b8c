import { defineErrors, systemErrorCode } from '../../../platform/errors.ts';
import { EXIT } from '../../../platform/exit-codes.ts';

export const provisionErrors = defineErrors({
  'LS-PROVISION-001': {
    exit: EXIT.couldNotDo,
    title: 'a program cannot be had',
    explanation:
      'Every source in `provision.sources` refused; the message has one line for each, with its reason. Nothing that runs was touched. Either remove one of the reasons, or put an executable on this machine and name it under `provision.paths`, which is used before any source. See docs/provisioning.md.',
  },
  'LS-PROVISION-002': {
    exit: EXIT.usage,
    title: 'a configured program is not there',
    explanation:
      'A path under `provision.paths` must be the absolute path of an executable file that this user may run. Leitstand does not look elsewhere instead: who names a program wants that one and no other.',
  },
  'LS-PROVISION-003': {
    exit: EXIT.usage,
    title: 'a configured program is another program',
    explanation:
      'The executable under `provision.paths` says with --version that it is another program, or it cannot say anything at all: often it was built for another kind of machine, or two paths were swapped.',
  },
  'LS-PROVISION-004': {
    exit: EXIT.usage,
    title: 'the version of a configured program cannot be told',
    explanation:
      'What Leitstand renders depends on the version of the program. Programs built by `go build` print none; theirs is read from the executable with `go version -m`, for which `go` must be on PATH. An unknown version is never guessed.',
  },
  'LS-PROVISION-005': {
    exit: EXIT.couldNotDo,
    title: 'the cache of programs cannot be used',
    explanation:
      'The directory for programs could not be read or written; the message holds the reason of the operating system. No space left and a directory that belongs to another user are the usual ones. `provision.cache_dir` or the variable LEITSTAND_CACHE_DIR names another directory. Deleting the directory is safe: programs are then had anew.',
  },
});

const CACHE_TROUBLE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EIO'];

/** The user's error behind a failed file operation in the cache; undefined when it is none. */
export function cacheError(error: unknown, cacheDir: string): Error | undefined {
  const code = systemErrorCode(error);
  if (code === undefined || !CACHE_TROUBLE.includes(code)) return undefined;
  return provisionErrors.error('LS-PROVISION-005', {
    what: `the directory for programs, ${cacheDir}, cannot be used`,
    why: error instanceof Error ? error.message : code,
    fix:
      code === 'ENOSPC' || code === 'EDQUOT'
        ? `free some space there, or name a directory with more: provision: {cache_dir: /path}`
        : `name a directory that this user may write: provision: {cache_dir: /path}; or hand this one over: chown -R USER ${cacheDir}`,
    cause: error,
  });
}
