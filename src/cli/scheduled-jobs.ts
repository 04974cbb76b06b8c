import type { DaemonDuties } from '../stack/runtime.ts';
import type { ScheduledJob } from '../stack/job.ts';
import type { Stack } from '../stack/stack.ts';

/** All receivers take seconds; the clusters' and the providers' patience is in it too. */
const ALERT_TEST_TIMEOUT_MS = 15 * 60_000;

/** What the daemon runs by itself. */
export function scheduledJobs(
  stack: Pick<Stack, 'alertTest' | 'receivers' | 'file' | 'environment'>,
): ScheduledJob[] {
  const { alertTest, receivers, file, environment } = stack;
  if (!alertTest.enabled || receivers.length === 0) return [];
  return [
    {
      name: 'alert-test',
      schedule: alertTest.schedule,
      location: alertTest.location,
      command: ['alert', 'test', '--drill', '--file', file, '--env', environment, '--progress', 'quiet'],
      timeoutMs: ALERT_TEST_TIMEOUT_MS,
    },
  ];
}

/** What the daemon does for this stack beyond its programs and proofs. */
export function furtherDuties(stack: Stack): Pick<DaemonDuties, 'integrations' | 'jobs' | 'seenPage'> {
  return {
    integrations: stack.integrations.map(({ receiver, type, index }) => ({ receiver, type, index })),
    jobs: scheduledJobs(stack),
    ...(stack.alertTest.publicUrl === undefined ? {} : { seenPage: { language: stack.language } }),
  };
}
