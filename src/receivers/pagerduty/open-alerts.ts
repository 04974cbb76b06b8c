import type { Action } from './event-rules.ts';

/** More than anybody has open at once; the oldest are forgotten first. */
const MAX_OPEN = 10_000;

/** The alerts that would be open at PagerDuty, as far as this process has seen; never decides whether an event is taken. */
export interface OpenAlerts {
  /** What PagerDuty makes of the event beside taking it; undefined: the obvious. */
  follow(action: Action, key: string): string | undefined;
}

/**
 * Once an alert is resolved, a further trigger opens a new one and a further resolve is dropped
 * (events-API-v2/02-Trigger-Events.md, Alert De-Duplication).
 */
export function createOpenAlerts(): OpenAlerts {
  const open = new Set<string>();
  return {
    follow: (action, key) => {
      if (action === 'acknowledge') return open.has(key) ? undefined : DROPPED;
      if (action === 'resolve') return open.delete(key) ? undefined : DROPPED;
      if (open.has(key)) return 'PagerDuty adds it to the alert that is open with this dedup_key.';
      open.add(key);
      const [oldest] = open;
      if (open.size > MAX_OPEN && oldest !== undefined) open.delete(oldest);
      return undefined;
    },
  };
}

const DROPPED = 'PagerDuty takes it and drops it: no alert is open with this dedup_key.';
