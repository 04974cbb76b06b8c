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
  'LS-CLI-003': {
    exit: EXIT.usage,
    title: 'there is nothing of that name',
    explanation: 'The named backup, message, receiver or code does not exist. The error lists what there is.',
  },
});
