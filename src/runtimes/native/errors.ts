import { defineErrors } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';

export const runtimeErrors = defineErrors({
  'LS-RUNTIME-001': {
    exit: EXIT.couldNotDo,
    title: 'a port is taken',
    explanation:
      'A component is to listen on a port that another process already holds. Nothing was started and nothing that runs was touched. Stop the named process, or give the component another port in leitstand.yaml.',
  },
  'LS-RUNTIME-002': {
    exit: EXIT.couldNotDo,
    title: 'a program does not start',
    explanation:
      'The program ended before it was ready. Its last log lines are part of the message and nearly always hold the cause. While the component is wanted, the daemon goes on trying, at growing intervals of up to a minute.',
  },
  'LS-RUNTIME-003': {
    exit: EXIT.partial,
    title: 'a program is not ready in time',
    explanation:
      'The program runs, but does not say that it is ready. It is left running: Prometheus replays its write-ahead log before it is ready, which takes minutes after a crash with much data.',
  },
  'LS-RUNTIME-004': {
    exit: EXIT.couldNotDo,
    title: 'a program refuses its new files',
    explanation:
      'The new files are in place, but the program refused to load them and goes on with those it had. A restart now would fail. Correct leitstand.yaml and run `leitstand up` again.',
  },
  'LS-RUNTIME-005': {
    exit: EXIT.couldNotDo,
    title: 'a program cannot be executed',
    explanation:
      'The operating system refused to execute the file: it is missing, not executable, built for another machine, or on a file system mounted with noexec.',
  },
  'LS-RUNTIME-006': {
    exit: EXIT.locked,
    title: 'another change is under way',
    explanation:
      'The daemon changes one thing at a time. Another `leitstand up` or `leitstand down` of the same stack has not finished yet.',
  },
  'LS-RUNTIME-007': {
    exit: EXIT.couldNotDo,
    title: 'a process does not end',
    explanation:
      'The process is still there after SIGTERM and SIGKILL. It waits in the kernel, nearly always for a disk or a network file system that does not answer.',
  },
  'LS-RUNTIME-008': {
    exit: EXIT.usage,
    title: 'a file of the runtime cannot be read',
    explanation:
      'A file below `run/` in the state directory is damaged or comes from another version. The programs are left as they are. Remove the file and run `leitstand up`: running programs are recognised by their environment and adopted.',
  },
  'LS-RUNTIME-009': {
    exit: EXIT.couldNotDo,
    title: "the directory of the daemon's socket is not ours",
    explanation:
      'The directory in which the daemon listens must belong to the user who runs Leitstand and be closed to others: whoever can write there can pose as the daemon.',
  },
  'LS-RUNTIME-010': {
    exit: EXIT.couldNotDo,
    title: 'the state directory cannot be written',
    explanation:
      'Log, record or data directory of a component cannot be written: the disk is full or read-only, or the state directory belongs to another user.',
  },
  'LS-RUNTIME-011': {
    exit: EXIT.cancelled,
    title: 'a change was cancelled',
    explanation:
      'The wait for the programs was broken off. What was started goes on running and is watched; `leitstand up` again waits again.',
  },
  'LS-RUNTIME-012': {
    exit: EXIT.usage,
    title: 'another stack uses the state directory',
    explanation:
      'One state directory holds one stack. Two files with different names in one folder share `.leitstand/` unless one of them sets `state_dir`: starting the one would reload or stop the programs of the other. Nothing was touched. After `leitstand down` the directory may be used under another name.',
  },
  'LS-RUNTIME-013': {
    exit: EXIT.usage,
    title: 'a program would be replaced by an older version',
    explanation:
      'Older versions cannot always read the data that newer ones wrote: Prometheus may refuse to start, or lose what ' +
      'it cannot read. Usually nobody meant it: the command ran with another cache directory (cron, sudo, another ' +
      'HOME) and took what was quickest to have. Nothing was touched.',
  },
  'LS-RUNTIME-014': {
    exit: EXIT.couldNotDo,
    title: "a program's secret cannot be read",
    explanation:
      'Some programs take a password only through their environment. It is read from a file in the state directory, ' +
      'readable by its owner alone, at the moment when the program starts. That file is gone, closed, or holds ' +
      'something that no environment variable can. `leitstand up` writes it again from the configuration.',
  },
  'LS-RUNTIME-099': {
    exit: EXIT.bug,
    title: 'the daemon failed',
    explanation: 'A bug in the daemon. Its log, logs/daemon.log in the state directory, holds more.',
  },
  'LS-RUNTIME-020': {
    exit: EXIT.couldNotDo,
    title: 'the daemon does not start',
    explanation:
      'The daemon that supervises the programs ended at once, or did not answer in time. Its last log lines are part of the message; the whole log is logs/daemon.log in the state directory.',
  },
  'LS-RUNTIME-021': {
    exit: EXIT.couldNotCheck,
    title: 'the daemon does not answer',
    explanation:
      'What listens on the socket of the daemon does not answer: the daemon hangs, or was stopped by a signal. Programs that were running go on running, but nobody restarts them. `leitstand up` and `leitstand down` kill a daemon that is silent for five seconds; the next one adopts the programs.',
  },
  'LS-RUNTIME-022': {
    exit: EXIT.couldNotDo,
    title: 'the daemon broke off',
    explanation:
      'The connection to the daemon ended before it had said how the change went. The daemon that replaces it finishes the change by itself.',
  },
});
