import { defineErrors } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';

export const serviceErrors = defineErrors({
  'LS-SERVICE-001': {
    exit: EXIT.couldNotDo,
    title: 'systemd does not run here',
    explanation:
      'A service for boot needs systemd as the service manager of this machine, or of this user with `--user`. In a ' +
      'container there usually is none: let what starts the container run `leitstand serve --state-dir PATH`. ' +
      '`leitstand service install --print` shows the unit, to be taken to another machine or adapted to another ' +
      'service manager.',
  },
  'LS-SERVICE-002': {
    exit: EXIT.couldNotDo,
    title: 'the unit belongs to somebody else',
    explanation:
      'A unit of that name is there, and it was not written by Leitstand, or it serves another stack of the same ' +
      'name. It was left as it is.',
  },
  'LS-SERVICE-003': {
    exit: EXIT.couldNotDo,
    title: 'systemd refused',
    explanation:
      'systemctl ended with an error; its own words are in the message. The programs of the stack go on as they were.',
  },
  'LS-SERVICE-004': {
    exit: EXIT.couldNotDo,
    title: 'the service does not come up',
    explanation:
      'The unit is installed and systemd was asked to start it, but the daemon does not answer. Programs that ran ' +
      'before go on, but nobody restarts them until a daemon runs. The journal says why.',
  },
  'LS-SERVICE-005': {
    exit: EXIT.usage,
    title: 'a service cannot be made of this stack',
    explanation:
      'A service runs the daemon of a stack whose programs Leitstand starts, as a user of this machine who owns the ' +
      'state directory. Programs that are only attached are started by whoever runs them.',
  },
  'LS-SERVICE-006': {
    exit: EXIT.couldNotDo,
    title: 'only root may change system services',
    explanation:
      'A system service is written to /etc/systemd/system, which belongs to root. With `--user` it becomes a service ' +
      'of your own, which needs no root but for `loginctl enable-linger`: without it the service ends with your last ' +
      'session.',
  },
});
