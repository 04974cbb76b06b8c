import { describe, expect, it } from 'vitest';
import { begunBefore, readCounters } from '../../src/delivery/counters.ts';
import { allSucceeded } from '../../src/delivery/shared-counters.ts';

/** One Alertmanager: notifications begun, requests ended, and the seconds that those took. */
function look(started: number, ended: number, seconds: number) {
  const labels = { integration: 'email' };
  return readCounters([
    [
      { name: 'process_start_time_seconds', labels: {}, value: 1 },
      { name: 'alertmanager_notifications_total', labels, value: started },
      { name: 'alertmanager_notification_latency_seconds_count', labels, value: ended },
      { name: 'alertmanager_notification_latency_seconds_sum', labels, value: seconds },
    ],
  ]);
}

const posted = look(40, 30, 100);
const EMAIL = { type: 'email', receiver: 'team' };
const before = (later: ReturnType<typeof look>, elapsedMs: number, earlier = posted) =>
  begunBefore(posted, { earlier, later, elapsedMs }, EMAIL);

describe('a request that was begun before the test', () => {
  it('took longer than the test lasts so far', () => {
    expect(before(look(41, 31, 130), 2_900)).toBe(1);
    expect(before(look(41, 31, 102.8), 2_900)).toBe(0);
    expect(before(posted, 200)).toBe(0);
  });

  it('is seen among quick failures of the one that is tested, which follow each other', () => {
    expect(before(look(41, 36, 103), 2_000)).toBe(6);
  });

  it('is seen beside others that were begun since, between two looks', () => {
    const earlier = look(44, 33, 100.1);
    expect(before(look(44, 34, 103.1), 2_000, earlier)).toBe(1);
    expect(before(look(44, 36, 105.9), 2_000, earlier)).toBe(0);
  });

  it('says nothing across a restart', () => {
    const [restarted] = [{ ...look(41, 31, 130), started: '2' }];
    expect(before(restarted, 2_900)).toBe(0);
  });

  it('does not count as a success of what is tested', () => {
    const counted = { started: 1, requests: 6, failedRequests: 5, succeeded: 1, failed: 0, reasons: [] };
    const sameType = { unsettled: 1, proven: 0, failed: 0 };
    expect(allSucceeded(counted, sameType)).toBe(true);
    expect(allSucceeded({ ...counted, begunBefore: 1 }, sameType)).toBe(false);
  });
});
