import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HostedJobs } from '../../src/daemon/hosted-jobs.ts';
import { openHistory } from '../../src/history/history.ts';
import { KEEPER_MARKER } from '../../src/runtimes/native/control.ts';
import { makeLayout, nativeLayout, type NativeLayout } from '../../src/runtimes/native/layout.ts';
import type { ScheduledJob } from '../../src/stack/job.ts';
import { type HandClock, handClock } from '../fixtures/hand-clock.ts';

const DAY = 86_400_000;
const job: ScheduledJob = {
  name: 'alert-test',
  schedule: '0 10 * * 1',
  location: 'Europe/Berlin',
  command: ['alert', 'test', '--drill'],
  timeoutMs: 30_000,
};

let root = '';
let layout: NativeLayout;
let clock: HandClock;
let said: string[];
let jobs: HostedJobs;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hosted-jobs-'));
  layout = nativeLayout(root);
  await makeLayout(layout);
  clock = handClock('2026-11-20T12:00:00.000Z');
  said = [];
});

afterEach(async () => {
  await jobs.close();
  await rm(root, { recursive: true, force: true });
});

/** With a Leitstand that is a script. */
async function host(script: string): Promise<void> {
  const file = join(root, 'leitstand.mjs');
  await writeFile(file, script);
  jobs = new HostedJobs({
    layout,
    clock,
    leitstand: [process.execPath, file],
    env: { PATH: process.env['PATH'], SLACK_WEBHOOK_URL: 'hunter2', [KEEPER_MARKER]: 'scope' },
    say: (text) => said.push(text),
  });
  await jobs.converge([job]);
}

async function runs() {
  const history = openHistory(layout.database);
  try {
    return history.jobs.runs({ limit: 9 });
  } finally {
    history.close();
  }
}

it('runs the command line of Leitstand itself, with the environment of the daemon, but not as a daemon', async () => {
  await host(`
    import { writeFileSync } from 'node:fs';
    const { SLACK_WEBHOOK_URL, ${KEEPER_MARKER} } = process.env;
    writeFileSync('told.json', JSON.stringify({ words: process.argv.slice(2), SLACK_WEBHOOK_URL, ${KEEPER_MARKER} }));`);
  await clock.pass(4 * DAY);
  await expect.poll(async () => (await runs())[0]?.outcome).toBe('succeeded');
  const { readFile } = await import('node:fs/promises');
  expect(JSON.parse(await readFile(join(root, 'told.json'), 'utf8'))).toEqual({
    words: ['alert', 'test', '--drill'],
    SLACK_WEBHOOK_URL: 'hunter2',
  });
  expect(said).toEqual([]);
});

it('a run that crashes is recorded and said, and the next one comes', async () => {
  await host('process.abort();');
  await clock.pass(4 * DAY);
  await expect.poll(async () => (await runs())[0]?.outcome).toBe('failed');
  expect(said).toEqual(['the job alert-test failed: ended by SIGABRT']);
  await clock.pass(7 * DAY);
  await expect.poll(async () => (await runs()).length).toBe(2);
});

it('a run under way ends with the daemon, and may tidy up', async () => {
  await host(`
    import { writeFileSync } from 'node:fs';
    process.on('SIGTERM', () => { writeFileSync('tidy', ''); process.exit(130); });
    writeFileSync('began', '');
    setInterval(() => undefined, 1000);`);
  const passing = clock.pass(4 * DAY);
  const { exists } = await import('../../src/platform/files.ts');
  await expect.poll(() => exists(join(root, 'began')), { timeout: 10_000 }).toBe(true);
  await jobs.close();
  await passing;
  expect(await exists(join(root, 'tidy'))).toBe(true);
  expect((await runs())[0]).toMatchObject({
    outcome: 'lost',
    reason: expect.stringContaining('it was ended'),
  });
});
