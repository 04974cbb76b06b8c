import { defineErrors } from '../platform/errors.ts';

export const historyErrors = defineErrors({
  'LS-HISTORY-001': {
    exit: 6,
    title: 'The history file is damaged',
    explanation:
      'leitstand.db is no SQLite database any more, or its pages contradict each other: a full disk, a torn copy, a failing drive. ' +
      'Leitstand stops rather than append proofs to a file that may lose them. Nothing in the running stack depends on it: ' +
      'put it aside and a new one is made; the old one can still be read with sqlite3 (.recover).',
  },
  'LS-HISTORY-002': {
    exit: 2,
    title: 'The history file was written by a newer Leitstand',
    explanation:
      'Its schema is newer than this program knows. An older program would write rows the newer one misreads, so it refuses.',
  },
  'LS-HISTORY-003': {
    exit: 6,
    title: 'The history file cannot be opened or written',
    explanation:
      'Deliveries, inbox messages and proofs are kept in leitstand.db in the state directory. ' +
      'It must be writable by the user who runs Leitstand, on a local disk with room left.',
  },
  'LS-HISTORY-004': {
    exit: 11,
    title: 'The history file stayed locked',
    explanation:
      'Command line, cron and daemon write the same file in turns, each for a few milliseconds. ' +
      'A lock held for seconds means that a program was stopped while writing, or that somebody opened the file by hand.',
  },
});
