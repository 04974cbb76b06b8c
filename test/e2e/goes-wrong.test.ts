import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tryLock } from '../../src/platform/lock.ts';
import { findByEnvironment, identifyProcess } from '../../src/platform/process-table.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { generations } from '../integration/programs.ts';
import { kill } from '../runtimes/native/harness.ts';
import { eventually, leitstand, makeStack, type StackUnderTest } from './stack-under-test.ts';

describe('a configuration with mistakes', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-e2e-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('reports all of them in one run, and nothing else happens', async () => {
    await writeFile(
      join(directory, 'leitstand.yaml'),
      `schema: 1
stack: wrong
components:
  prometheus: {retension: 15d, scrape_interval: 15}
  alertmanager:
receivers:
  on-call:
    slack:
      - webhook_url: \${secret:NOT_THERE}
routing:
  default: oncall
`,
    );
    const { exit, stderr } = await leitstand(['up'], { cwd: directory });
    expect(exit).toBe(2);
    expect(stderr).toMatch(/leitstand\.yaml:4:16/);
    expect(stderr).toContain('retention');
    expect(stderr).toContain('15s');
    expect(stderr).toContain('NOT_THERE');
    expect(stderr).toContain('on-call');
    expect(await readdir(directory)).toEqual(['leitstand.yaml']);
  });

  it('malformed YAML is exit 2 with line and column', async () => {
    await writeFile(join(directory, 'leitstand.yaml'), 'schema: 1\nstack: [wrong\n');
    const { exit, stderr } = await leitstand(['plan'], { cwd: directory });
    expect(exit).toBe(2);
    expect(stderr).toMatch(/leitstand\.yaml:\d+:\d+/);
  });

  it('no file at all says where it looked', async () => {
    const { exit, stderr } = await leitstand(['status'], { cwd: directory });
    expect(exit).toBe(2);
    expect(stderr).toContain('LS-CLI-002');
  });
});

describe.skipIf(generations.length === 0)('a stack that goes wrong', () => {
  const [generation = 'current'] = generations;
  let stack: StackUnderTest;

  beforeAll(async () => {
    stack = await makeStack(generation);
  });
  afterAll(() => stack?.destroy());

  it('a taken port names the process that has it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(stack.ports.alertmanager, '127.0.0.1', resolve));
    try {
      const { exit, stderr } = await stack.run('up');
      expect(exit).toBe(6);
      expect(stderr).toContain(String(stack.ports.alertmanager));
      expect(stderr).toContain(`pid ${process.pid}`);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('a program that does not start shows its last words', async () => {
    const fake = join(stack.directory, 'pushgateway');
    await writeFile(
      fake,
      `#!/bin/sh
[ "$1" = --version ] && echo "pushgateway, version 1.5.0 (branch: x, revision: x)" && exit 0
echo "disk quota is a lie" >&2
exit 3
`,
      { mode: 0o755 },
    );
    await stack.configure({ paths: new Map([...stack.paths, ['pushgateway', fake]]) });
    const { exit, stderr } = await stack.run('up');
    expect(exit).toBe(6);
    expect(stderr).toContain('pushgateway');
    expect(stderr).toContain('disk quota is a lie');
    await stack.configure();
    expect((await stack.run('up')).exit).toBe(0);
  });

  it('a second `up` at the same time is refused and names the first', async () => {
    const lock = await tryLock(join(stack.directory, '.leitstand/run/stack.lock'), 'up');
    expect(lock.held).toBe(true);
    const { exit, stderr } = await stack.run('up');
    if (lock.held) lock.release();
    expect(exit).toBe(11);
    expect(stderr).toContain(`pid ${process.pid}`);
  });

  it('two at once start nothing twice', async () => {
    await stack.run('down');
    const outcomes = await Promise.all([stack.run('up'), stack.run('up'), stack.run('up')]);
    const exits = outcomes.map(({ exit }) => exit).sort((a, b) => Number(a) - Number(b));
    expect(exits[0]).toBe(0);
    expect(exits.every((exit) => exit === 0 || exit === 11)).toBe(true);
    expect(await runningPrograms(stack)).toBe(3);
  });

  it.skipIf(process.getuid?.() !== 0)('a full disk leaves what runs as it is', async (context) => {
    const small = join(stack.directory, 'small');
    await mkdir(small);
    const mount = await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', small]);
    if (mount.exitCode !== 0) return context.skip(`no tmpfs can be mounted here: ${mount.stderr}`);
    try {
      await stack.configure({ stateDir: 'small/state' });
      const { exit, stderr } = await stack.run('up');
      expect(stderr).toContain('LS-DEPLOY-002');
      expect(exit).toBe(6);
      const left = await readdir(join(small, 'state'), { recursive: true });
      expect(left.filter((name) => name.includes('.unfinished-'))).toEqual([]);
    } finally {
      await runProgram('umount', [small]);
      await stack.configure();
    }
    expect(await runningPrograms(stack)).toBe(3);
  });

  it('a validator that refuses keeps the old configuration in force', async () => {
    const fake = join(stack.directory, 'promtool');
    await writeFile(
      fake,
      '#!/bin/sh\ncase "$1" in --version) echo "promtool, version 2.42.0";exit 0;; esac\necho "FAILED: parsing YAML" >&2\nexit 1\n',
      { mode: 0o755 },
    );
    await stack.configure({ paths: new Map([...stack.paths, ['promtool', fake]]) });
    const before = await readFile(
      join(stack.directory, '.leitstand/rendered/prometheus/prometheus.yml'),
      'utf8',
    );
    const { exit, stderr } = await stack.run('up');
    expect(exit).toBe(2);
    expect(stderr).toContain('FAILED: parsing YAML');
    expect(
      await readFile(join(stack.directory, '.leitstand/rendered/prometheus/prometheus.yml'), 'utf8'),
    ).toBe(before);
    await stack.configure();
  });

  it('alert test with Alertmanager down could not check', async () => {
    const pid = await pidOf(stack, 'alertmanager');
    kill(pid, 'SIGSTOP');
    try {
      const { exit, stderr } = await stack.run('alert', 'test', '--timeout', '3s');
      expect(stderr).toContain('Alertmanager');
      expect(exit).toBe(5);
    } finally {
      kill(pid, 'SIGCONT');
    }
  });

  it('alert test with the inbox stopped names integration and stage', async () => {
    await stack.configure();
    const config = join(stack.directory, 'leitstand.yaml');
    const text = await readFile(config, 'utf8');
    await writeFile(config, text.replace(/inbox: \{/, 'inbox: {enabled: false, '));
    expect((await stack.run('up')).exit).toBe(0);
    const { exit, stdout } = await stack.run('alert', 'test', 'on-call', '--timeout', '10s');
    expect(exit).toBe(1);
    expect(stdout).toMatch(/on-call slack\[0\]: FAILED at stage `send`/);
    expect(stdout).toContain('connection refused');
    await stack.configure();
    expect((await stack.run('up')).exit).toBe(0);
    expect(
      (
        await eventually(
          () => stack.run('alert', 'test'),
          ({ exit: code }) => code === 0,
        )
      ).exit,
    ).toBe(0);
  });

  it('a killed program comes back, a killed daemon is replaced and adopts', async () => {
    const killed = await pidOf(stack, 'pushgateway');
    kill(killed);
    await eventually(
      () => pidOf(stack, 'pushgateway').catch(() => killed),
      (pid) => pid > 0 && pid !== killed,
    );
    const survivor = await pidOf(stack, 'prometheus');
    const daemon = await eventually(
      () => daemonPid(stack),
      (pid) => pid > 0,
    );
    kill(daemon);
    await eventually(
      () => daemonPid(stack),
      (pid) => pid > 0 && pid !== daemon,
    );
    expect(await pidOf(stack, 'prometheus')).toBe(survivor);
    expect(await runningPrograms(stack)).toBe(3);
  });

  it('a changed secret makes the proof of its receiver outdated', async () => {
    expect(
      (
        await eventually(
          () => stack.run('alert', 'test'),
          ({ exit }) => exit === 0,
        )
      ).exit,
    ).toBe(0);
    const env = join(stack.directory, '.env');
    const original = await readFile(env, 'utf8');
    await writeFile(env, original.replace('/services/T00TEST00', '/services/T00OTHER0'));
    expect((await stack.run('plan')).stdout).toMatch(/alertmanager .*(secrets|1 file)/);
    const { exit, stdout } = await stack.run('status');
    expect(stdout).toMatch(/on-call +OUTDATED/);
    expect(stdout).toMatch(/team +proven/);
    expect(exit).toBe(1);
    await writeFile(env, original);
  });

  it('with a broken file one can still look and stop, and nothing is green', async () => {
    const config = join(stack.directory, 'leitstand.yaml');
    const original = await readFile(config, 'utf8');
    await writeFile(config, original.replace('scrape_interval', 'scrape_intervall'));
    const status = await stack.run('status');
    expect(status.exit).toBe(1);
    expect(status.stdout).toContain('WRONG: its file has mistakes');
    expect(status.stdout).toMatch(/prometheus +ready/);
    expect((await stack.run('logs', 'prometheus')).exit).toBe(0);
    expect((await stack.run('down')).stdout).toContain('prometheus');
    expect(await runningPrograms(stack)).toBe(0);
    await writeFile(config, original);
    expect((await stack.run('up')).exit).toBe(0);
  });

  it('a vanished repository is not replaced silently, and a mistyped snapshot changes no proof', async () => {
    await eventually(
      () => stack.run('backup'),
      ({ exit }) => exit === 0,
    );
    expect((await stack.run('drill', 'nosuch')).exit).toBe(2);
    await rename(join(stack.directory, '.leitstand/repository'), join(stack.directory, 'away'));
    const backup = await stack.run('backup');
    expect(backup.stderr).toContain('LS-CLI-007');
    expect(backup.exit).toBe(10);
    expect((await stack.run('status')).stdout).toContain('its backups are gone');
    await rename(join(stack.directory, 'away'), join(stack.directory, '.leitstand/repository'));
    await rm(join(stack.directory, '.leitstand/keys/signing.pem'));
    expect((await stack.run('backup', 'list')).exit).toBe(0);
    expect((await stack.run('backup')).exit).toBe(12);
    await rm(join(stack.directory, '.leitstand/keys'), { recursive: true });
    await rm(join(stack.directory, '.leitstand/repository'), { recursive: true });
  });

  it('nothing is sent to a stack that is not this one', async () => {
    const other = await makeStack(generation);
    try {
      await other.configure({ ports: stack.ports });
      const { exit, stderr } = await other.run('alert', 'test');
      expect(stderr).toContain('LS-CLI-006');
      expect(exit).toBe(5);
      expect((await other.run('backup')).exit).toBe(5);
    } finally {
      await other.destroy();
    }
  });

  describe('a repository of which', () => {
    const repository = () => join(stack.directory, '.leitstand/repository');
    const whole = () => join(stack.directory, 'whole-repository');

    beforeAll(async () => {
      await eventually(
        () => stack.run('backup', '--new-repository'),
        ({ exit }) => exit === 0,
      );
      await cp(repository(), whole(), { recursive: true, preserveTimestamps: true });
    });
    afterEach(async () => {
      await rm(repository(), { recursive: true });
      await cp(whole(), repository(), { recursive: true, preserveTimestamps: true });
    });
    afterAll(async () => {
      for (const directory of [repository(), whole()]) await rm(directory, { recursive: true });
    });

    it.each([
      ['packs', 'altered'],
      ['packs', 'truncated'],
      ['lists', 'altered'],
      ['lists', 'truncated'],
      ['snapshots', 'altered'],
      ['snapshots', 'truncated'],
    ] as const)('one of the %s is %s is refused, and it is named', async (kind, damage) => {
      const names = await readdir(join(repository(), kind), { recursive: true });
      const objects = names.filter((one) => /[0-9a-f]{12}/.test(one)).sort();
      expect(objects.length).toBeGreaterThan(1);
      // Not the same one: what is known of it would do for the other damage.
      const name = (damage === 'altered' ? objects[0] : objects.at(-1)) ?? '';
      const object = join(repository(), kind, name);
      const bytes = await readFile(object);
      const middle = Math.floor(bytes.length / 2);
      await rm(object);
      await writeFile(
        object,
        damage === 'truncated'
          ? bytes.subarray(0, middle)
          : Buffer.concat([
              bytes.subarray(0, middle),
              Buffer.from([(bytes[middle] ?? 0) ^ 1]),
              bytes.subarray(middle + 1),
            ]),
      );
      for (const command of [['drill'], ['backup', 'verify']]) {
        const { exit, stdout, stderr } = await stack.run(...command);
        expect(stdout + stderr).toContain(name.split('/').at(-1));
        expect(exit).toBe(1);
      }
    });
  });

  it('a backup killed in the middle harms nothing', async () => {
    const bin = join(import.meta.dirname, '../../bin/leitstand.mjs');
    for (const delay of [150, 300, 450]) {
      const child = spawn(process.execPath, [bin, 'backup', '--new-repository'], {
        cwd: stack.directory,
        stdio: 'ignore',
      });
      const closed = new Promise((resolve) => child.once('close', resolve));
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      await closed;
    }
    expect((await stack.run('backup', '--new-repository')).exit).toBe(0);
    expect((await stack.run('backup', 'verify')).exit).toBe(0);
    expect((await stack.run('drill')).exit).toBe(0);
  });
});

async function statusOf(stack: StackUnderTest) {
  const { stdout } = await stack.run('status', '--json');
  const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as {
    result?: { components: { component: string; pid?: number; state: string }[] };
  };
  return last.result?.components ?? [];
}

async function pidOf(stack: StackUnderTest, component: string): Promise<number> {
  const row = (await statusOf(stack)).find((one) => one.component === component && one.state === 'ready');
  // A signal to the process 0 is one to the tests themselves.
  if (row?.pid === undefined) throw new Error(`${component} is not ready`);
  return row.pid;
}

async function daemonPid(stack: StackUnderTest): Promise<number> {
  const text = await readFile(join(stack.directory, '.leitstand/run/daemon.lock.holder'), 'utf8');
  // Empty while the next daemon writes it.
  const { pid } = JSON.parse(text || '{"pid":0}') as { pid: number };
  return pid > 0 && (await identifyProcess(pid)) ? pid : 0;
}

async function runningPrograms(stack: StackUnderTest): Promise<number> {
  const { stackScope } = await import('../../src/runtimes/native/layout.ts');
  const scope = await stackScope(join(stack.directory, '.leitstand'));
  const found = await Promise.all(
    ['prometheus', 'alertmanager', 'pushgateway'].map((name) =>
      findByEnvironment('LEITSTAND_COMPONENT', [`${scope}:${name}`]),
    ),
  );
  return found.flat().length;
}
