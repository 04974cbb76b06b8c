import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const daemonErrors = defineErrors({
  'LS-DAEMON-001': {
    exit: EXIT.locked,
    title: 'another daemon serves this state directory',
    explanation:
      'One stack has one daemon; two would start every program twice. The lock belongs to a living process, since the kernel drops it with its holder: there is nothing to clean up by hand.',
  },
  'LS-DAEMON-002': {
    exit: EXIT.couldNotDo,
    title: 'the inbox cannot listen',
    explanation:
      'The built-in inbox could not be opened on its port. The daemon tries again every two seconds; until then alerts to its endpoints go nowhere.',
  },
  'LS-DAEMON-003': {
    exit: EXIT.usage,
    title: 'the daemon does not understand a request',
    explanation:
      'The request to the daemon is malformed, or comes from another version of Leitstand. `leitstand down`, then `leitstand up` replaces the daemon.',
  },
  'LS-DAEMON-004': {
    exit: EXIT.couldNotDo,
    title: "the daemon's socket cannot be opened",
    explanation:
      'The daemon could not listen on its Unix socket. Its directory is $XDG_RUNTIME_DIR/leitstand, /run/leitstand for root, or /tmp/leitstand-<uid>.',
  },
  'LS-DAEMON-005': {
    exit: EXIT.couldNotDo,
    title: 'the state directory is no longer where it was',
    explanation:
      'The state directory was moved or removed while the daemon served it. The daemon ends, since another one may serve a new directory at the same path. Programs of a moved directory go on, and `leitstand up` from its new place takes them over; programs of a removed one are ended, since nobody could find them any more.',
  },
  'LS-DAEMON-006': {
    exit: EXIT.couldNotDo,
    title: "the daemon's metrics cannot be served",
    explanation:
      "The daemon's own metrics could not be opened on their port (`daemon.port`). The programs are supervised all the same; Prometheus cannot see the ages of proofs, crashes and lost log lines until the port is free. The daemon tries again every two seconds.",
  },
});
