import { describe, expect, it } from 'vitest';
import { failedAttempts, mayConcern } from '../../src/delivery/log-lines.ts';

const since = new Date('2026-11-24T17:00:00.000Z');
const read = (line: string) => failedAttempts([line], since);

describe("Alertmanager's log", () => {
  it('0.25: an attempt, without the URL that it logs', () => {
    expect(
      read(
        String.raw`ts=2026-11-24T17:03:27.929Z caller=notify.go:732 level=warn component=dispatcher receiver=on-call integration=webhook[0] msg="Notify attempt failed, will retry later" attempts=1 err="Post \"http://user:pw@127.0.0.1:1/secret?token=secret\": dial tcp 127.0.0.1:1: connect: connection refused"`,
      ),
    ).toEqual([
      {
        receiver: 'on-call',
        integration: 'webhook[0]',
        reason: 'Post "http://127.0.0.1:1/…": dial tcp 127.0.0.1:1: connect: connection refused',
      },
    ]);
  });

  it('0.31: an attempt, with its group', () => {
    const [attempt] = read(
      String.raw`time=2026-11-24T17:02:33.865Z level=WARN source=notify.go:948 msg="Notify attempt failed, will retry later" component=dispatcher receiver=on-call integration=slack[2] aggrGroup="{}/{severity=\"critical\"}:{alertname=\"T_n1\", workspace_id=\"n1\"}" attempts=1 err="unexpected status code 500: ok"`,
    );
    expect(attempt).toEqual({
      receiver: 'on-call',
      integration: 'slack[2]',
      reason: 'unexpected status code 500: ok',
      group: 'alertname="T_n1", workspace_id="n1"}',
    });
    if (!attempt) throw new Error('none');
    expect(mayConcern(attempt, 'n1')).toBe(true);
    expect(mayConcern(attempt, 'n2')).toBe(false);
    expect(mayConcern({ ...attempt, group: 'severity="critical"}' }, 'n2')).toBe(true);
  });

  const end = String.raw`err="on-call/slack[0]: notify retry canceled due to unrecoverable error after 1 attempts: open /run/x: no such file or directory; on-call/slack[1]: notify retry canceled due to unrecoverable error after 1 attempts: channel \"#x\": unexpected status code 404: no_service"`;
  it.each([
    [
      '0.25',
      `ts=2026-11-24T17:03:37.083Z caller=dispatch.go:352 level=error component=dispatcher msg="Notify for alerts failed" num_alerts=1 ${end}`,
    ],
    [
      '0.31',
      `time=2026-11-24T17:03:32.529Z level=ERROR source=dispatch.go:515 msg="Notify for alerts failed" component=dispatcher num_alerts=1 ${end}`,
    ],
  ])('%s: the end, for each integration', (_, line) => {
    expect(read(line)).toEqual([
      {
        receiver: 'on-call',
        integration: 'slack[0]',
        reason: 'open /run/x: no such file or directory',
        end: 'refused',
      },
      {
        receiver: 'on-call',
        integration: 'slack[1]',
        reason: 'channel "#x": unexpected status code 404: no_service',
        end: 'refused',
      },
    ]);
  });

  it('the end of what was tried again and again', () => {
    expect(
      read(
        'time=2026-11-24T17:03:32.529Z level=ERROR msg="Notify for alerts failed" err="team/webhook[0]: notify retry canceled after 8 attempts: unexpected status code 503"',
      ),
    ).toEqual([
      { receiver: 'team', integration: 'webhook[0]', reason: 'unexpected status code 503', end: 'exhausted' },
    ]);
  });

  it('passes over what is older, and what is no failure', () => {
    expect(read('time=2026-11-24T16:59:59.999Z receiver=a integration=slack[0] err="b"')).toEqual([]);
    expect(
      read('time=2026-11-24T17:00:01.000Z receiver=a integration=slack[0] msg="Notify success"'),
    ).toEqual([]);
    expect(read('panic: err="a/slack[0]: b"')).toEqual([]);
    expect(read('')).toEqual([]);
  });
});
