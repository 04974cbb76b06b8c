import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadStack } from '../../src/cli/load-stack.ts';
import { furtherDuties, scheduledJobs } from '../../src/cli/scheduled-jobs.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { contextFor } from './context.ts';

const HEAD = `schema: 1
stack: rathaus
`;
const OWN = `${HEAD}components: {alertmanager: {}}
receivers: {team: {webhook: [{url: 'http://127.0.0.1:5001/webhook'}]}}
routing: {default: team}
environments: {production: {}}
`;

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alert-test-settings-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function load(text: string, environment?: 'production') {
  const file = join(directory, 'leitstand.yaml');
  await writeFile(file, text, { mode: 0o600 });
  return loadStack({ ...contextFor(process.cwd()), file, environment });
}

const alertTests = (stack: Stack) => scheduledJobs(stack).filter(({ name }) => name === 'alert-test');

describe('fire drills', () => {
  it('are off on a laptop and on in production, on Mondays at ten', async () => {
    expect(alertTests(await load(OWN))).toEqual([]);
    const stack = await load(OWN, 'production');
    const file = join(directory, 'leitstand.yaml');
    expect(alertTests(stack)).toEqual([
      {
        name: 'alert-test',
        schedule: '0 10 * * 1',
        location: 'UTC',
        command: ['alert', 'test', '--drill', '--file', file, '--env', 'production', '--progress', 'quiet'],
        timeoutMs: 900_000,
      },
    ]);
    expect(stack.alertTest.maxAgeMs).toBe(8 * 86_400_000);
  });

  it('are on or off where the file says so', async () => {
    expect(alertTests(await load(`${OWN}alert_test: {enabled: true}\n`))).toHaveLength(1);
    expect(alertTests(await load(`${OWN}alert_test: {enabled: false}\n`, 'production'))).toEqual([]);
  });

  it('prove something for as long as the schedule needs, unless the file says how long', async () => {
    const monthly = await load(`${OWN}alert_test: {schedule: '0 10 1 * *'}\n`);
    expect(monthly.alertTest.maxAgeMs).toBe(32 * 86_400_000);
    expect((await load(`${OWN}alert_test: {max_age: 2d}\n`)).alertTest.maxAgeMs).toBe(2 * 86_400_000);
  });

  it.each(['enabled: true', 'public_url: https://alerts.example.org'])(
    'are refused beside programs of others (%s)',
    async (setting) => {
      const attached = `${HEAD}attach: {alertmanager: {url: 'http://127.0.0.1:9093'}}\n`;
      expect((await load(attached)).alertTest.enabled).toBe(false);
      await expect(load(`${attached}alert_test: {${setting}}\n`)).rejects.toMatchObject({
        code: 'LS-CLI-005',
        details: { fix: expect.stringContaining('leitstand schedule install') },
      });
    },
  );
});

it('the page on which people say that they saw a test is there where its address is known', async () => {
  expect(furtherDuties(await load(OWN))).toEqual({
    integrations: [{ receiver: 'team', type: 'webhook', index: 0 }],
    jobs: [],
    backupMetrics: { prefix: 'sva', service: 'monitoring' },
  });
  const asked = await load(`${OWN}language: de\nalert_test: {public_url: 'https://alerts.example.org/'}\n`);
  expect(asked.alertTest.publicUrl).toBe('https://alerts.example.org');
  expect(furtherDuties(asked).seenPage).toEqual({ language: 'de' });
});
