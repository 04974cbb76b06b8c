import { parseCron, type Recurrence } from '../platform/cron.ts';
import type { ScheduledJob } from '../stack/job.ts';

/** When this machine runs the job. */
export function recurrenceOf({
  schedule,
  location,
  delayMs = 0,
}: Pick<ScheduledJob, 'schedule' | 'location' | 'delayMs'>): Pick<Recurrence, 'next'> {
  const { next } = parseCron(schedule, location);
  if (delayMs === 0) return { next };
  return {
    next: (after) => {
      const at = next(new Date(after.getTime() - delayMs));
      return at && new Date(at.getTime() + delayMs);
    },
  };
}
