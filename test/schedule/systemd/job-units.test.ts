import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JobPlace, jobUnitFor, jobUnits } from '../../../src/schedule/systemd/job-units.ts';
import type { ScheduledJob } from '../../../src/stack/job.ts';
import { alertTest, backup, odd, place } from '../places.ts';

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
const texts = (own: JobPlace = place, job: ScheduledJob = backup, jitterMs = 0) => {
  const [service, timer] = jobUnits(own, { job, jitterMs });
  return { service, timer };
};

describe('jobUnits', () => {
  it.each(['service', 'timer'] as const)('a %s of the system', async (kind) => {
    await expect(texts()[kind].text).toMatchFileSnapshot(`../../golden/schedule/system.${kind}`);
  });
  it('a service of a user', async () => {
    await expect(texts({ ...place, scope: 'user' }).service.text).toMatchFileSnapshot(
      '../../golden/schedule/user.service',
    );
  });
  it('are named so that no stack of another name has them', () => {
    expect(Object.values(texts()).map(({ name }) => name)).toEqual([
      'leitstand-rathaus-nord.backup.service',
      'leitstand-rathaus-nord.backup.timer',
    ]);
  });
  it('are the ones in the documentation', async () => {
    const page = await readFile(new URL('../../../docs/schedule.md', import.meta.url), 'utf8');
    expect(page).toContain(texts().timer.text.split('\n\n').slice(1).join('\n\n').trimEnd());
  });
  it('give the job the time to wait for another one', () => {
    expect(texts().service.text).toContain(`TimeoutStartSec=${(12 + 6) * 3600 + 300}\n`);
    expect(texts(place, alertTest).service.text).toContain('TimeoutStartSec=1200\n');
  });
  it('spread what many machines do, and each is always as late', () => {
    const { timer } = texts(place, backup, 600_000);
    expect(timer.text).toContain('RandomizedDelaySec=600\nFixedRandomDelay=true\n');
    expect(texts().timer.text).not.toContain('Random');
  });
  it('make up for what was due while the machine was off, in the time zone of the schedule', () => {
    const { timer } = texts(place, alertTest);
    expect(timer.text).toContain('OnCalendar=Mon *-*-* 10:00:00 Europe/Berlin\n');
    expect(timer.text).toContain('Persistent=true\n');
  });
  it('take a line for each of two ways in which a day can fit', () => {
    const { timer } = texts(place, { ...backup, schedule: '0 2 1 * MON' });
    expect(timer.text.match(/^OnCalendar=/gm)).toHaveLength(2);
  });
  it('refuse times that systemd cannot say', () => {
    expect(() => texts(place, { ...backup, schedule: '0 2 15W * *' })).toThrow('LS-SCHEDULE-001');
  });
  it('see home directories where something lies there, and write nowhere else', () => {
    expect(texts().service.text).toContain('ProtectHome=yes\n');
    expect(texts({ ...place, file: '/home/anna/leitstand.yaml' }).service.text).toContain(
      'ProtectHome=read-only\n',
    );
    expect(texts({ ...place, seesHome: true }).service.text).toContain('ProtectHome=read-only\n');
    expect(texts({ ...place, textfileDir: '/var/lib/node' }).service.text).toContain(
      'ReadWritePaths=-/srv/monitoring/.leitstand -/mnt/backup -/var/cache/leitstand -/var/lib/node\n',
    );
  });
  it('say whose they are', () => {
    expect(jobUnitFor(texts().timer.text)).toBe(place.stateDir);
    expect(jobUnitFor('[Timer]\n')).toBeUndefined();
    const daemon = texts().service.text.replace('schedule install', 'service install');
    expect(jobUnitFor(daemon)).toBeUndefined();
  });
});

describe.runIf(hasAnalyze)('systemd itself', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-job-units-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function analyze(args: readonly string[], own: JobPlace, job: ScheduledJob = backup) {
    const { service, timer } = texts(
      { ...own, leitstand: [process.execPath, ...own.leitstand.slice(1)] },
      job,
      60_000,
    );
    for (const { name, text } of [service, timer]) await writeFile(join(directory, name), text);
    const { stdout, stderr, status } = spawnSync(
      'systemd-analyze',
      [
        ...args,
        join(directory, service.name),
        ...(args.includes('verify') ? [join(directory, timer.name)] : []),
      ],
      { encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: directory } },
    );
    return { status, text: stdout + stderr };
  }

  it.each([
    ['plain paths', place, backup],
    ['a job of each week in another zone', place, alertTest],
    [
      'odd paths',
      { ...place, stateDir: odd, cacheDir: odd, backupDir: odd, file: odd, leitstand: ['', odd] },
      backup,
    ],
  ])('has nothing to say about units with %s', async (_name, own, job) => {
    expect(await analyze(['verify', '--man=no'], own, job)).toEqual({ status: 0, text: '' });
  });
  it('has nothing to say about units of a user', async () => {
    expect(await analyze(['--user', 'verify', '--man=no'], { ...place, scope: 'user' })).toEqual({
      status: 0,
      text: '',
    });
  });
  it('finds a mistake, so that its silence means something', async () => {
    expect((await analyze(['verify', '--man=no'], { ...place, user: 'no such user' })).text).not.toBe('');
  });
  it('counts a service as hardened', async () => {
    const { text } = await analyze(['security', '--offline=yes', '--threshold=25'], place);
    expect(Number(/exposure level for \S+ (\d+\.\d+)/.exec(text)?.[1])).toBeLessThan(2.8);
  });
});
