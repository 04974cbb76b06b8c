import { defineErrors } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';

export const prometheusErrors = defineErrors({
  'LS-PROMETHEUS-001': {
    exit: EXIT.couldNotCheck,
    title: 'Prometheus cannot be reached',
    explanation:
      'Nothing answered at the URL, the answer did not come in time, or Prometheus is still starting. ' +
      'What was to be asked is unknown: neither good nor bad.',
  },
  'LS-PROMETHEUS-002': {
    exit: EXIT.authentication,
    title: 'Prometheus refuses the credentials',
    explanation:
      'Prometheus, or a proxy in front of it, answered 401 or 403. A user and password are part of the URL ' +
      '(http://user:password@host:9090); Leitstand never prints them.',
  },
  'LS-PROMETHEUS-003': {
    exit: EXIT.couldNotDo,
    title: 'the admin API of Prometheus is off',
    explanation:
      'A consistent backup starts with the snapshot call, which Prometheus offers only when it was started ' +
      'with --web.enable-admin-api. The same API can delete series: keep the port on loopback or behind a ' +
      'proxy with authentication.',
  },
  'LS-PROMETHEUS-004': {
    exit: EXIT.couldNotCheck,
    title: 'Prometheus could not execute a query',
    explanation:
      'Prometheus understood the question and failed to answer it; its own text is quoted. A text with ' +
      '"checksum mismatch" or "cannot populate chunk" means damaged data on disk.',
  },
  'LS-PROMETHEUS-005': {
    exit: EXIT.couldNotCheck,
    title: 'a query ran into a limit of Prometheus',
    explanation:
      'The query took longer than --query.timeout or would load more than --query.max-samples. It says ' +
      'nothing about the data.',
  },
  'LS-PROMETHEUS-006': {
    exit: EXIT.couldNotCheck,
    title: 'the answer is not one of Prometheus',
    explanation:
      'Something answered, but not in the form of the Prometheus HTTP API: another program on the port, a ' +
      'proxy page, or a missing path prefix in the URL.',
  },
  'LS-PROMETHEUS-007': {
    exit: EXIT.couldNotDo,
    title: 'Prometheus has no samples to back up',
    explanation:
      'Prometheus reports success for the snapshot of an empty server and writes no file. Leitstand never ' +
      'keeps such a snapshot as a backup.',
  },
  'LS-PROMETHEUS-008': {
    exit: EXIT.couldNotDo,
    title: 'Prometheus could not make a snapshot',
    explanation:
      'The snapshot call failed. "operation not permitted" means that the blocks belong to another user than ' +
      'the one Prometheus runs as (typically after a restore as root): the kernel forbids hard links then.',
  },
  'LS-PROMETHEUS-009': {
    exit: EXIT.couldNotDo,
    title: 'the snapshot cannot be read',
    explanation:
      'Prometheus made a snapshot, but it is not in the data directory that Leitstand knows, or this user may ' +
      'not read it.',
  },
  'LS-PROMETHEUS-010': {
    exit: EXIT.partial,
    title: 'a snapshot could not be removed',
    explanation:
      'A snapshot pins the disk space of every block it holds, and Prometheus never removes it. The directory ' +
      'must be deleted by hand.',
  },
  'LS-PROMETHEUS-011': {
    exit: EXIT.couldNotDo,
    title: 'the data is too young to be compared',
    explanation:
      'Samples that Prometheus scrapes now are stored a little later. Facts are therefore sealed for a moment ' +
      'slightly in the past (the cut-off), and before it there must be samples.',
  },
  'LS-PROMETHEUS-012': {
    exit: EXIT.couldNotDo,
    title: 'data was deleted while the backup looked at it',
    explanation:
      'Retention or a deletion removed blocks between the snapshot and the questions, so that the sealed facts ' +
      'would not fit the snapshot.',
  },
  'LS-PROMETHEUS-013': {
    exit: EXIT.couldNotCheck,
    title: 'there is nothing to damage for the negative control',
    explanation:
      'The control of a drill flips one byte in the newest block. The restored data holds no block with samples.',
  },
});
