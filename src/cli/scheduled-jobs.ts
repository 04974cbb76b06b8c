import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { EXIT } from '../platform/exit-codes.ts';
import type { ScheduledJob } from '../stack/job.ts';
import type { FurtherDuties } from '../stack/runtime.ts';
import { BACKUP_JOBS, type BackupJob, type Stack } from '../stack/stack.ts';

type Scheduled = Pick<
  Stack,
  'alertTest' | 'backup' | 'components' | 'environment' | 'file' | 'name' | 'receivers' | 'runtime'
>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** All receivers take seconds; the clusters' and the providers' patience is in it too. */
const ALERT_TEST_TIMEOUT_MS = 15 * MINUTE_MS;

interface BackupJobSpec {
  readonly name: string;
  readonly command: readonly string[];
  /** Less than a day, so that tomorrow's can begin; what hangs is not to hold the others for longer than a night. */
  readonly timeoutMs: number;
  readonly goodExits?: readonly number[];
}

const BACKUP_JOB: Readonly<Record<BackupJob, BackupJobSpec>> = {
  backup: { name: 'backup', command: ['backup'], timeoutMs: 12 * HOUR_MS },
  verify: { name: 'backup-verify', command: ['backup', 'verify', '--rotate'], timeoutMs: 6 * HOUR_MS },
  drill: { name: 'drill', command: ['drill'], timeoutMs: 8 * HOUR_MS },
  // A store that keeps what an object lock holds does what it should.
  prune: {
    name: 'backup-prune',
    command: ['backup', 'prune'],
    timeoutMs: 2 * HOUR_MS,
    goodExits: [EXIT.partial],
  },
};

/** What can be done by schedule for this stack, whether or not the daemon does it. */
export function possibleJobs(stack: Scheduled, host: string = hostname()): ScheduledJob[] {
  const { alertTest, receivers, components } = stack;
  const hasAlerts =
    receivers.length > 0 || components.some(({ name, attached }) => attached && name === 'alertmanager');
  const alertTests: ScheduledJob[] = hasAlerts
    ? [
        {
          name: 'alert-test',
          schedule: alertTest.schedule,
          location: alertTest.location,
          command: ['alert', 'test', '--drill', ...places(stack)],
          timeoutMs: ALERT_TEST_TIMEOUT_MS,
        },
      ]
    : [];
  return [...alertTests, ...backupJobs(stack, host)];
}

function backupJobs(stack: Scheduled, host: string): ScheduledJob[] {
  const { times, location, jitterMs } = stack.backup.schedule;
  // Programs of others whose data cannot be reached: there is nothing to back up.
  if (stack.runtime === 'external' && stack.components.every(({ attached }) => !attached?.dataDir)) return [];
  return BACKUP_JOBS.flatMap((job) => {
    const schedule = times[job];
    if (schedule === undefined) return [];
    const { name, command, ...rest } = BACKUP_JOB[job];
    return [
      {
        ...rest,
        name,
        schedule,
        location,
        command: [...command, ...places(stack)],
        worksOn: 'repository',
        ...(jitterMs === 0 ? {} : { delayMs: delayOf(`${host} ${stack.name} ${name}`, jitterMs) }),
      },
    ];
  });
}

/** What the daemon does by itself, unless systemd or cron does it. */
export function scheduledJobs(stack: Scheduled, host: string = hostname()): ScheduledJob[] {
  const { alertTest, backup } = stack;
  return possibleJobs(stack, host).filter(({ worksOn }) =>
    worksOn === undefined ? alertTest.enabled : backup.schedule.enabled,
  );
}

/** Whole seconds, always the same ones for this machine, and others on the next. */
function delayOf(seed: string, jitterMs: number): number {
  const share = createHash('sha256').update(seed).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor((share * jitterMs) / 1000) * 1000;
}

function places({ file, environment }: Scheduled): string[] {
  return ['--file', file, '--env', environment, '--progress', 'quiet'];
}

/** What the daemon does for this stack beyond its programs and proofs. */
export function furtherDuties(stack: Stack): FurtherDuties {
  const { prefix, service } = stack.backup.metrics;
  return {
    integrations: stack.integrations.map(({ receiver, type, index }) => ({ receiver, type, index })),
    jobs: scheduledJobs(stack),
    backupMetrics: { prefix, service },
    ...(stack.alertTest.publicUrl === undefined ? {} : { seenPage: { language: stack.language } }),
  };
}
