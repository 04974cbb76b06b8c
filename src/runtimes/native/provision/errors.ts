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
  'LS-PROVISION-006': {
    exit: EXIT.usage,
    title: 'a program that should be on this machine is not',
    explanation:
      '`version: system` takes the program that is on PATH, under the name of its project or of its Debian package. Leitstand does not look elsewhere instead: who says `system` wants that one and no other. A service often has a shorter PATH than a shell.',
  },
  'LS-PROVISION-007': {
    exit: EXIT.usage,
    title: 'a program is too old',
    explanation:
      'Leitstand renders for each program from a certain version on; what it writes, older ones would refuse or, worse, understand differently. Either take a newer one, or let Leitstand provide it: remove the path under `provision.paths`, or the `version` of the component.',
  },
  'LS-PROVISION-008': {
    exit: EXIT.couldNotDo,
    title: 'a release archive is not the one it should be',
    explanation:
      "The SHA-256 of a downloaded archive, or of a program in the cache, differs from the one that `leitstand.lock` pins or that the project publishes. It was not unpacked and nothing of it was started, and no other source is asked: this is either damage on the way, a project that has replaced its files, or an attack, and somebody has to find out which. Compare the sums in the message with those on the project's release page, from another network. If the new one is right, remove its entry from `leitstand.lock` and run `leitstand up`.",
  },
  'LS-PROVISION-009': {
    exit: EXIT.usage,
    title: 'leitstand.lock cannot be understood',
    explanation:
      'The file beside leitstand.yaml holds the checksums of the release archives that this stack takes. What cannot be read there is not trusted, so nothing goes on without it. The usual cause is a merge conflict. Restore it from version control.',
  },
  'LS-PROVISION-010': {
    exit: EXIT.usage,
    title: 'a configured program has another version than the one wanted',
    explanation:
      'A component has a `version`, and `provision.paths` names an executable that has another one. Leitstand does not choose between the two.',
  },
  'LS-PROVISION-011': {
    exit: EXIT.couldNotDo,
    title: 'a file of programs cannot be taken in',
    explanation:
      '`leitstand cache import` checks everything before anything goes into the cache: each file against the list at the end of the archive, each program against its own record and against `leitstand.lock`. Whatever does not fit refuses the whole file, and the cache is as it was. Usually the copy is incomplete: compare its SHA-256 with the one that `leitstand cache export` printed. Anything else than a copying error deserves the question where the file has been.',
  },
  'LS-PROVISION-012': {
    exit: EXIT.usage,
    title: 'there is no program to export',
    explanation:
      '`leitstand cache export` writes what is in the cache. Programs under `provision.paths` and those on PATH are not: they have to be carried by whoever put them there.',
  },
  'LS-PROVISION-013': {
    exit: EXIT.couldNotDo,
    title: 'a file of programs cannot be written',
    explanation:
      'The file that `leitstand cache export` was to write could not be written; the message holds the reason of the operating system. Nothing half written is left.',
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

/** Likewise for the file that programs are exported to. */
export function exportError(error: unknown): Error | undefined {
  const code = systemErrorCode(error);
  if (code === undefined || ![...CACHE_TROUBLE, 'ENOENT', 'EISDIR'].includes(code)) return undefined;
  return provisionErrors.error('LS-PROVISION-013', {
    what: 'the file of programs cannot be written',
    why: error instanceof Error ? error.message : code,
    fix: 'name a file in a directory that is there, that this user may write and that has the space',
    cause: error,
  });
}
