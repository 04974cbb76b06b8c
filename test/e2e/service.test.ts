import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installService, removeService, type ServiceWorld } from '../../src/deployment/service/service.ts';
import { renderUnit, type ServiceSpec } from '../../src/deployment/service/unit.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { generations } from '../integration/programs.ts';
import { kill } from '../runtimes/native/harness.ts';
import { makeStack, type StackUnderTest } from './stack-under-test.ts';

const bin = fileURLToPath(new URL('../../bin/leitstand.mjs', import.meta.url));
const NAME = 'leitstand-under-test.service';

/** systemctl as far as it is used: runs the unit's own ExecStart line, and ends its main process only. */
const SYSTEMCTL = `#!/bin/sh
cd "$(dirname "$0")/units" || exit 1
echo "$*" >> ../calls
alive() { [ -f ../pid ] && kill -0 "$(cat ../pid)" 2>/dev/null; }
stop() { if alive; then kill -TERM "$(cat ../pid)"; while alive; do sleep 0.05; done; fi; rm -f ../pid; }
start() {
  line=$(sed -n 's/^ExecStart=//p' ${NAME})
  setsid sh -c "exec $line" >> ../journal 2>&1 < /dev/null & echo $! > ../pid
}
case "$1" in
  daemon-reload) [ ! -f ../broken ] || { echo "Failed to reload daemon: Access denied" >&2; exit 1; } ;;
  enable) [ -f ${NAME} ] && touch ../enabled ;;
  disable) rm -f ../enabled; [ "$2" != --now ] || stop ;;
  start) alive || start ;;
  restart) stop; start ;;
  is-active) if alive; then echo active; else echo inactive; exit 3; fi ;;
  *) echo "unknown verb $1" >&2; exit 1 ;;
esac
`;

const DONE = { exitCode: 0, signal: null, stdout: '', stderr: '', timedOut: false } as const;

describe('a service for boot', () => {
  let stack: StackUnderTest;
  let place: string;
  let world: ServiceWorld;
  let spec: ServiceSpec;
  const steps: string[] = [];

  beforeAll(async () => {
    stack = await makeStack(generations[0] ?? 'debian');
    place = await mkdtemp(join(tmpdir(), 'leitstand-service-'));
    await mkdir(join(place, 'units'));
    await writeFile(join(place, 'systemctl'), SYSTEMCTL);
    await chmod(join(place, 'systemctl'), 0o755);
    const stateDir = join(stack.directory, '.leitstand');
    spec = {
      stack: 'under-test',
      scope: 'system',
      user: 'whoever',
      command: [process.execPath, bin, 'serve', '--state-dir', stateDir],
      stateDir,
      cacheDir: join(place, 'cache'),
      backupDir: join(stateDir, 'repository'),
      programs: [],
      seesHome: false,
    };
    world = {
      unitDirectory: join(place, 'units'),
      isSystemdRunning: true,
      uid: 0,
      env: { PATH: `${place}${delimiter}${process.env['PATH'] ?? ''}`, HOME: stack.directory },
      run: runProgram,
      clock: systemClock,
      onStep: (text) => steps.push(text),
    };
    const { exit, stderr } = await stack.run('up');
    if (exit !== 0) throw new Error(`up failed: ${stderr}`);
  });
  afterAll(async () => {
    await removeService(
      { stack: spec.stack, stateDir: spec.stateDir, scope: 'system', dryRun: false },
      world,
    ).catch(() => undefined);
    await stack?.destroy();
    await rm(place, { recursive: true, force: true });
  });

  const install = (parts: { readonly now?: boolean; readonly dryRun?: boolean } = {}, given = spec) =>
    installService(
      { spec: given, owner: process.getuid?.() ?? 0, now: false, dryRun: false, ...parts },
      world,
    );
  const calls = async () => (await readFile(join(place, 'calls'), 'utf8').catch(() => '')).trim().split('\n');
  const forget = () => rm(join(place, 'calls'), { force: true });
  async function pids(): Promise<Record<string, number>> {
    const line = (await stack.run('status', '--json')).stdout.trim().split('\n').at(-1) ?? '';
    const { result } = JSON.parse(line) as {
      result: { components: { component: string; pid: number }[]; supervision: { supervised: boolean } };
    };
    expect(result.supervision.supervised).toBe(true);
    return Object.fromEntries(result.components.map(({ component, pid }) => [component, pid]));
  }
  const keepers = () =>
    spawnSync('pgrep', ['-f', `leitstand-keeper.*${spec.stateDir}`], { encoding: 'utf8' }).stdout.trim();

  it('a dry run touches nothing', async () => {
    expect(await install({ dryRun: true, now: true })).toMatchObject({ written: true });
    await expect(stat(join(place, 'units', NAME))).rejects.toThrow('ENOENT');
    expect(await calls()).toEqual(['']);
  });

  it('a new state directory can be reached by its owner, whoever makes it', async () => {
    const above = join(place, 'var');
    const elsewhere = { ...world, run: async () => ({ ...DONE }) };
    const given = { ...spec, stack: 'other', stateDir: join(above, 'state') };
    await installService(
      { spec: given, owner: process.getuid?.() ?? 0, now: false, dryRun: false },
      elsewhere,
    );
    expect((await stat(above)).mode & 0o055).toBe(0o055);
    expect((await stat(given.stateDir)).mode & 0o777).toBe(0o700);
  });

  it('takes the running programs over from the daemon in the background', async () => {
    const before = await pids();
    expect(keepers()).not.toBe('');
    await install({ now: true });
    expect(await calls()).toEqual(['daemon-reload', `enable ${NAME}`, `is-active ${NAME}`, `start ${NAME}`]);
    expect(await readFile(join(place, 'units', NAME), 'utf8')).toBe(renderUnit(spec));
    expect((await stat(join(place, 'units', NAME))).mode & 0o777).toBe(0o644);
    expect(await pids()).toEqual(before);
    expect(keepers()).toBe('');
    expect(steps.join('\n')).toContain('taken over');
  });

  it('a second time changes nothing', async () => {
    await forget();
    const daemon = await readFile(join(place, 'pid'), 'utf8');
    expect(await install({ now: true })).toMatchObject({ written: false });
    expect(await calls()).toEqual([`enable ${NAME}`, `is-active ${NAME}`]);
    expect(await readFile(join(place, 'pid'), 'utf8')).toBe(daemon);
  });

  it('a changed unit restarts the daemon, and the programs stay', async () => {
    await forget();
    const before = await pids();
    await install({ now: true }, { ...spec, backupDir: '/mnt/other' });
    expect(await calls()).toContain(`restart ${NAME}`);
    expect(await pids()).toEqual(before);
  });

  it('`up` and `alert test` work under the service', async () => {
    expect((await stack.run('up')).stdout).toMatch(/prometheus +\S+ +configured +unchanged/);
    expect((await stack.run('alert', 'test')).exit).toBe(0);
  });

  it('what ends is restarted by the daemon of the service', async () => {
    const { pushgateway } = await pids();
    kill(pushgateway ?? 0);
    const deadline = Date.now() + 15_000;
    for (;;) {
      const now = (await pids())['pushgateway'];
      if (now !== undefined && now !== pushgateway) break;
      expect(Date.now()).toBeLessThan(deadline);
    }
  });

  it('after a boot the service starts the programs that were wanted', async () => {
    // Power goes: daemon and programs end together, and nobody cleans up.
    const before = await pids();
    kill(Number(await readFile(join(place, 'pid'), 'utf8')));
    for (const pid of Object.values(before)) kill(pid);
    await install({ now: true });
    const deadline = Date.now() + 15_000;
    for (;;) {
      const { stdout } = await stack.run('status');
      if ((stdout.match(/ ready /g) ?? []).length >= 3) break;
      expect(Date.now()).toBeLessThan(deadline);
    }
  });

  it("is not replaced by a stack of the same name, nor taken for somebody else's", async () => {
    const other = { ...spec, stateDir: join(place, 'other') };
    await expect(install({}, other)).rejects.toThrow('LS-SERVICE-002: ' + join(place, 'units', NAME));
    const file = join(place, 'units', NAME);
    const ours = await readFile(file, 'utf8');
    await writeFile(file, '[Service]\nExecStart=/bin/true\n');
    await expect(install()).rejects.toThrow('was not written by Leitstand');
    await expect(
      removeService({ stack: spec.stack, stateDir: spec.stateDir, scope: 'system', dryRun: false }, world),
    ).rejects.toThrow('LS-SERVICE-002');
    await writeFile(file, ours);
  });

  it("shows systemctl's own words when it refuses", async () => {
    await writeFile(join(place, 'broken'), '');
    await expect(install({}, { ...spec, cacheDir: '/elsewhere' })).rejects.toMatchObject({
      code: 'LS-SERVICE-003',
      details: { detail: ['Failed to reload daemon: Access denied'] },
    });
    await rm(join(place, 'broken'));
  });

  it('needs systemd, and root for a system service', async () => {
    const withoutSystemd = { ...world, isSystemdRunning: false };
    const request = { spec, owner: 0, now: true, dryRun: false };
    await expect(installService(request, withoutSystemd)).rejects.toThrow('LS-SERVICE-001');
    await expect(installService(request, { ...world, uid: 1000 })).rejects.toThrow('LS-SERVICE-006');
  });

  it('removed, it leaves the programs running, and `up` takes them over again', async () => {
    const before = await pids();
    const request = { stack: spec.stack, stateDir: spec.stateDir, scope: 'system', dryRun: false } as const;
    expect(await removeService({ ...request, dryRun: true }, world)).toBe(join(place, 'units', NAME));
    expect(await removeService(request, world)).toBe(join(place, 'units', NAME));
    expect(await removeService(request, world)).toBeUndefined();
    expect((await stack.run('status')).stdout).toContain('NOBODY RESTARTS');
    expect((await stack.run('up')).exit).toBe(0);
    expect(await pids()).toEqual(before);
  });

  it('the command prints the unit, and refuses where systemd does not run', async () => {
    const { stdout, exit } = await stack.run('service', 'install', '--print');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^ExecStart=.*leitstand\.mjs serve --state-dir \/.*\.leitstand$/m);
    if (spawnSync('test', ['-d', '/run/systemd/system']).status === 0) return;
    const refused = await stack.run('service', 'install', '--now');
    expect(refused.stderr).toContain('LS-SERVICE-001');
    expect(refused.stderr).toContain('--print');
    expect(refused.exit).toBe(6);
  });
});
