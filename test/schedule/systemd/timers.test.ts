import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownerOf, readOwners, writeOwners } from '../../../src/schedule/owners.ts';
import { installTimers, removeTimers, type TimerWorld } from '../../../src/schedule/systemd/timers.ts';
import type { JobPlace } from '../../../src/schedule/systemd/job-units.ts';
import type { ScheduledJob } from '../../../src/stack/job.ts';
import { alertTest, backup, place } from '../places.ts';

let root = '';
let own: JobPlace;
let calls: string[];
let refuses: string | undefined;
let world: TimerWorld;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-timers-'));
  own = { ...place, stateDir: join(root, 'state') };
  [calls, refuses] = [[], undefined];
  world = {
    unitDirectory: join(root, 'units'),
    isSystemdRunning: true,
    uid: 0,
    env: { PATH: '/usr/bin' },
    run: async (file, args) => {
      const call = [file, ...args].join(' ');
      calls.push(call);
      const isRefused = refuses !== undefined && call.includes(refuses);
      return {
        exitCode: isRefused ? 1 : 0,
        signal: null,
        stdout: '',
        stderr: isRefused ? 'Failed: Access denied\n' : '',
        timedOut: false,
      };
    },
    onStep: () => undefined,
  };
});
afterEach(() => rm(root, { recursive: true, force: true }));

const install = (jobs: readonly ScheduledJob[], more: { readonly dryRun?: boolean } = {}) =>
  installTimers(
    {
      place: own,
      jobs: jobs.map((job) => ({ job, jitterMs: 0 })),
      owner: process.getuid?.() ?? 0,
      dryRun: more.dryRun === true,
    },
    world,
  );
const units = async () => (await readdir(world.unitDirectory).catch((): string[] => [])).sort();
const TIMER = 'leitstand-rathaus-nord.backup.timer';
const ALL = ['alert-test.service', 'alert-test.timer', 'backup.service', 'backup.timer'].map(
  (name) => `leitstand-rathaus-nord.${name}`,
);

describe('installTimers', () => {
  it('writes and starts them, and the daemon leaves the jobs alone', async () => {
    const { written } = await install([alertTest, backup]);
    expect(written).toHaveLength(4);
    expect(await units()).toEqual(ALL);
    expect((await stat(join(world.unitDirectory, TIMER))).mode & 0o777).toBe(0o644);
    expect(calls).toEqual([
      'systemctl daemon-reload',
      'systemctl enable --now leitstand-rathaus-nord.alert-test.timer',
      'systemctl restart leitstand-rathaus-nord.alert-test.timer',
      `systemctl enable --now ${TIMER}`,
      `systemctl restart ${TIMER}`,
    ]);
    expect(await ownerOf(own.stateDir, 'backup')).toBe('systemd');
    expect((await readOwners(own.stateDir))['backup']).toEqual({
      owner: 'systemd',
      file: join(world.unitDirectory, TIMER),
      schedule: '0 2 * * * UTC',
    });
  });

  it('a dry run touches nothing', async () => {
    expect((await install([backup], { dryRun: true })).written).toHaveLength(2);
    expect(await units()).toEqual([]);
    expect(calls).toEqual([]);
    expect(await readOwners(own.stateDir)).toEqual({});
  });

  it('a second time changes nothing', async () => {
    await install([backup]);
    calls = [];
    expect(await install([backup])).toEqual({ written: [], removed: [] });
    expect(calls).toEqual([`systemctl enable --now ${TIMER}`]);
  });

  it('another time is another timer, at once', async () => {
    await install([backup]);
    calls = [];
    const { written } = await install([{ ...backup, schedule: '0 3 * * *' }]);
    expect(written).toEqual([join(world.unitDirectory, TIMER)]);
    expect(calls).toEqual([
      'systemctl daemon-reload',
      `systemctl enable --now ${TIMER}`,
      `systemctl restart ${TIMER}`,
    ]);
    expect(await readFile(join(world.unitDirectory, TIMER), 'utf8')).toContain('03:00:00');
    expect((await readOwners(own.stateDir))['backup']?.schedule).toBe('0 3 * * * UTC');
  });

  it('a job that is no more loses its timer, and goes back to the daemon', async () => {
    await install([alertTest, backup]);
    const { removed } = await install([backup]);
    expect(removed.map((file) => file.split('/').at(-1))).toEqual(ALL.slice(0, 2));
    expect(calls).toContain('systemctl disable --now leitstand-rathaus-nord.alert-test.timer');
    expect(await units()).toEqual(ALL.slice(2));
    expect(Object.keys(await readOwners(own.stateDir))).toEqual(['backup']);
  });

  it('leaves to cron what cron has', async () => {
    await install([alertTest]);
    const cron = { owner: 'cron', file: '/etc/cron.d/x', schedule: '' } as const;
    await writeOwners(own.stateDir, { ...(await readOwners(own.stateDir)), drill: cron });
    await install([backup]);
    expect(Object.keys(await readOwners(own.stateDir)).sort()).toEqual(['backup', 'drill']);
  });

  it("takes nobody else's unit, and touches nothing before it has looked at all of them", async () => {
    await install([alertTest]);
    await writeFile(join(world.unitDirectory, TIMER), '[Timer]\nOnCalendar=daily\n');
    await expect(install([alertTest, backup])).rejects.toMatchObject({ code: 'LS-SCHEDULE-002' });
    const other = { ...own, stateDir: join(root, 'other') };
    await rm(join(world.unitDirectory, TIMER));
    await expect(
      installTimers(
        { place: other, jobs: [{ job: alertTest, jitterMs: 0 }], owner: 0, dryRun: false },
        world,
      ),
    ).rejects.toThrow("is another stack's");
    // One whose state directory is gone is nobody's.
    await rm(own.stateDir, { recursive: true });
    await installTimers(
      { place: other, jobs: [{ job: alertTest, jitterMs: 0 }], owner: 0, dryRun: false },
      world,
    );
  });

  it('what systemctl refuses is still run by the daemon, and said in its own words', async () => {
    refuses = 'enable';
    await expect(install([backup])).rejects.toMatchObject({
      code: 'LS-SCHEDULE-003',
      details: { detail: ['Failed: Access denied'] },
    });
    expect(await ownerOf(own.stateDir, 'backup')).toBeUndefined();
  });

  it('needs systemd, and root for the timers of the system', async () => {
    world = { ...world, isSystemdRunning: false };
    await expect(install([backup])).rejects.toMatchObject({
      code: 'LS-SCHEDULE-004',
      details: { fix: expect.stringContaining('--cron') },
    });
    world = { ...world, isSystemdRunning: true, uid: 1000 };
    await expect(install([backup])).rejects.toThrow('root only');
    own = { ...own, scope: 'user' };
    await install([backup]);
    expect(calls[0]).toBe('systemctl --user daemon-reload');
    expect(await ownerOf(own.stateDir, 'backup')).toBe('systemd-user');
  });
});

describe('removeTimers', () => {
  it('stops and removes what is ours, and gives the jobs back', async () => {
    await install([alertTest, backup]);
    await writeFile(join(world.unitDirectory, 'leitstand-rathaus-nord.own.timer'), '[Timer]\n');
    calls = [];
    expect(await removeTimers(own, { dryRun: true }, world)).toHaveLength(4);
    expect(calls).toEqual([]);
    expect(await removeTimers(own, { dryRun: false }, world)).toHaveLength(4);
    expect(calls).toEqual([
      `systemctl disable --now leitstand-rathaus-nord.alert-test.timer ${TIMER}`,
      'systemctl daemon-reload',
    ]);
    expect(await units()).toEqual(['leitstand-rathaus-nord.own.timer']);
    expect(await readOwners(own.stateDir)).toEqual({});
    expect(await removeTimers(own, { dryRun: false }, world)).toEqual([]);
  });
});
