import type { Counted } from './counters.ts';
import type { SameType } from './evidence.ts';

/** Counters are shared by all integrations of a type: they speak only when they speak for all of them. */
export function unclaimed({ requests, failedRequests }: Counted, { proven }: SameType): number {
  return requests - failedRequests - proven;
}

/** Whatever was begun, other people's notifications too, has been given up; none is still on its way. */
export function allFailed(counted: Counted, sameType: SameType): boolean {
  return (
    counted.failed - sameType.failed >= sameType.unsettled &&
    counted.failed + sameType.proven >= counted.started &&
    unclaimed(counted, sameType) <= 0
  );
}

/**
 * Whatever was begun has succeeded, but for what is known to have failed. Anything less leaves open whose the
 * successes are: a real alert may be on its way to another receiver just now, or have been before the test.
 */
export function allSucceeded(
  { started, succeeded, begunBefore = 0 }: Counted,
  { unsettled, proven, failed: lost }: SameType,
): boolean {
  const sinceThen = succeeded - begunBefore;
  return (
    started >= unsettled + proven + lost && started - sinceThen <= lost && sinceThen - proven >= unsettled
  );
}
