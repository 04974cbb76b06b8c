import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const deploymentErrors = defineErrors({
  'LS-DEPLOY-001': {
    exit: EXIT.usage,
    title: "a program's own validator refuses the rendered files",
    explanation:
      'Before anything running is touched, promtool and amtool judge what Leitstand rendered. One of them said no, ' +
      "so the old configuration stays in force. The lines shown are the validator's own.",
  },
  'LS-DEPLOY-002': {
    exit: EXIT.couldNotDo,
    title: 'the disk is full',
    explanation:
      'New files are written beside the ones in use and take their place only when complete. There was no room for ' +
      'them; the stack runs on as before. Free space, then run the command again.',
  },
  'LS-DEPLOY-003': {
    exit: EXIT.locked,
    title: 'another command is changing this stack',
    explanation:
      'Only one `up` or `down` works on a stack at a time. The lock belongs to the named process and vanishes with ' +
      'it, however it ends; there is nothing to clean up.',
  },
  'LS-DEPLOY-005': {
    exit: EXIT.couldNotDo,
    title: 'the stack belongs to another user',
    explanation:
      'The programs of a stack run as the user who started it, and so do all commands that change it. Root could do ' +
      'it, but would leave files that the owner cannot touch afterwards. Run the command as the owner.',
  },
  'LS-DEPLOY-006': {
    exit: EXIT.usage,
    title: 'the stack was started in another environment',
    explanation:
      'A file with overlays describes several stacks, and the machine runs one of them. Without `--env` and without ' +
      'LEITSTAND_ENV the file says which one is meant, and that is another than the one that was applied here last. ' +
      'Nothing was touched. Put LEITSTAND_ENV into the .env of the machine, and it need not be typed.',
  },
  'LS-DEPLOY-004': {
    exit: EXIT.couldNotDo,
    title: 'the state directory cannot be written',
    explanation:
      'Leitstand keeps rendered files, secrets and data below the state directory and must own it. Run the command ' +
      'as the user who owns it, or name another with `state_dir`.',
  },
});
