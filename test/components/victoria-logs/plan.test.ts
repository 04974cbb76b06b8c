import fc from 'fast-check';
import { expect, it } from 'vitest';
import { victoriaLogs } from '../../../src/components/victoria-logs/index.ts';
import { durationMs, formatDuration } from '../../../src/platform/units.ts';
import { alertingStack } from '../../fixtures/alerting.ts';

function argumentsOf(config: unknown): readonly string[] {
  const version = { major: 1, minor: 52, patch: 1 };
  return victoriaLogs.plan({
    config: victoriaLogs.schema.parse(config),
    stack: alertingStack({ receivers: {}, default: '' }),
    offers: [],
    place: {
      config: '/c',
      data: '/d',
      secret: (name) => name,
      listen: (port) => `127.0.0.1:${port}`,
      address: (_component, port) => `127.0.0.1:${port}`,
      externalUrl: (port) => `http://127.0.0.1:${port}`,
    },
    programs: (name) => ({ name, path: `/p/${name}`, version, origin: 'go' }),
  }).args;
}

it('keeps lines for 90 days and 256 MiB of caches unless told otherwise', () => {
  expect(argumentsOf({})).toEqual([
    '-storageDataPath=/d',
    '-httpListenAddr=127.0.0.1:9428',
    '-retentionPeriod=90d',
    '-memory.allowedBytes=268435456',
    '-search.maxQueryDuration=2m',
    '-http.disableCORS',
  ]);
});

it('never deletes sooner than was asked for, nor a whole day later', () => {
  const dayMs = durationMs('1d');
  fc.assert(
    fc.property(fc.integer({ min: dayMs, max: durationMs('10y') }), (ms) => {
      const flag = argumentsOf({ retention: formatDuration(ms) }).find((arg) =>
        arg.startsWith('-retentionPeriod='),
      );
      const days = Number(/^-retentionPeriod=(\d+)d$/.exec(flag ?? '')?.[1]);
      expect(days * dayMs).toBeGreaterThanOrEqual(ms);
      expect((days - 1) * dayMs).toBeLessThan(ms);
    }),
  );
});

it('refuses less than a day, which the program would refuse', () => {
  expect(victoriaLogs.schema.safeParse({ retention: '23h' }).success).toBe(false);
});
