import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const scheduleErrors = defineErrors({
  'LS-SCHEDULE-001': {
    exit: EXIT.usage,
    title: 'systemd cannot say this schedule',
    explanation:
      'A timer of systemd knows dates and days of the week, lists, ranges and steps of them, the last day of a month ' +
      'and the second Monday. The daemon knows more. Nothing was installed.',
  },
  'LS-SCHEDULE-002': {
    exit: EXIT.couldNotDo,
    title: 'a file of that name belongs to somebody else',
    explanation:
      'A unit or a cron table of that name is there, and it was not written by `leitstand schedule install`, or it is ' +
      'for another stack of the same name. It was left as it is.',
  },
  'LS-SCHEDULE-003': {
    exit: EXIT.couldNotDo,
    title: 'systemd refused the timers',
    explanation:
      'systemctl ended with an error; its own words are in the message. What was installed before is as it was, and ' +
      'the jobs are still run by whoever ran them.',
  },
  'LS-SCHEDULE-004': {
    exit: EXIT.couldNotDo,
    title: 'timers cannot be installed here',
    explanation:
      'Timers need systemd as the service manager of this machine, or of this user with `--user`; those of the system ' +
      'are written to /etc/systemd/system, which belongs to root. `leitstand schedule install --systemd --print` shows ' +
      'the units, to be taken elsewhere; `--cron` makes a table for cron instead.',
  },
  'LS-SCHEDULE-005': {
    exit: EXIT.usage,
    title: 'there is nothing to install',
    explanation:
      'Only what is done by schedule can be handed over to systemd or cron: test alerts where there are receivers, and ' +
      'what works on backups, unless the file says `never`.',
  },
  'LS-SCHEDULE-006': {
    exit: EXIT.usage,
    title: 'cron would not read that file',
    explanation:
      'In /etc/cron.d, cron passes over files whose name holds anything but letters, digits, `-` and `_`, files that ' +
      'others than root can write, and, without a word to anybody, everything it cannot read.',
  },
});
