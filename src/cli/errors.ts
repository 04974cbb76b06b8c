import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const cliErrors = defineErrors({
  'LS-CLI-001': {
    exit: EXIT.usage,
    title: 'the command line is not understood',
    explanation:
      'An unknown command or option, or a missing or wrong value. Nothing was done. `leitstand --help` lists the ' +
      'commands; `leitstand COMMAND --help` shows one with examples.',
  },
  'LS-CLI-002': {
    exit: EXIT.usage,
    title: 'there is no leitstand.yaml',
    explanation:
      'Leitstand looks for `leitstand.yaml` in the current directory and in those above it, up to the root of the ' +
      'git repository. Name it with `--file PATH` where it lies elsewhere.',
  },
  'LS-CLI-004': {
    exit: EXIT.wrongKey,
    title: 'the signing key is missing',
    explanation:
      'Every snapshot is signed with the key in the state directory, and nothing else is believed. The repository ' +
      'exists, the key does not: the state directory is new, or was moved without its `keys`. The key is worth a copy ' +
      'kept elsewhere.',
  },
  'LS-CLI-005': {
    exit: EXIT.usage,
    title: 'the stack as a whole makes no sense',
    explanation:
      'Each key of the configuration is right by itself, but together they describe something that cannot be meant: ' +
      'a stack without components, or receivers without an Alertmanager that would notify them.',
  },
  'LS-CLI-006': {
    exit: EXIT.couldNotCheck,
    title: 'the program does not run in this stack',
    explanation:
      'The command needs a running program of this very stack. What answers on its port may belong to another stack, ' +
      'whose alerts would page real people: nothing was sent and nothing was asked.',
  },
  'LS-CLI-007': {
    exit: EXIT.noRepository,
    title: 'the repository of earlier backups is gone',
    explanation:
      'The records of this stack know of backups, and where they were stored there is no repository now: the disk is ' +
      'not mounted, or the path has changed. A new repository in its place would hide that. To begin a new one ' +
      'deliberately, run `leitstand backup --new-repository`.',
  },
  'LS-CLI-008': {
    exit: EXIT.couldNotDo,
    title: 'the system refused',
    explanation:
      'The operating system refused a file, a directory or a program: full disk, missing rights, a read-only file ' +
      'system. The path and the reason are named; what was begun is not in force.',
  },
  'LS-CLI-009': {
    exit: EXIT.usage,
    title: 'there is a configuration already',
    explanation:
      '`leitstand init` begins a stack and never replaces one, nor one that another `init` is just writing. To change the ' +
      'one that is there, edit its leitstand.yaml: `leitstand plan` says what that would do.',
  },
  'LS-CLI-010': {
    exit: EXIT.cancelled,
    title: 'the questions were not answered to the end',
    explanation:
      'The input ended (Ctrl-D, or a pipe that closed) while questions were open. Nothing was written.',
  },
  'LS-CLI-003': {
    exit: EXIT.usage,
    title: 'there is nothing of that name',
    explanation: 'The named backup, message, receiver or code does not exist. The error lists what there is.',
  },
});
