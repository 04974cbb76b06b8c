import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeitstandError, LeitstandErrors } from '../../../../src/platform/errors.ts';
import { exists } from '../../../../src/platform/files.ts';
import { provisionProgram, provisionPrograms } from '../../../../src/runtimes/native/provision/provision.ts';
import { FakeMachine } from './fake-tools.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await FakeMachine.make();
});
afterEach(() => machine.remove());

async function failure(promise: Promise<unknown>): Promise<LeitstandError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof LeitstandError)) throw error;
  return error;
}

async function unfinished(): Promise<string[]> {
  const all = await readdir(machine.cacheDir, { recursive: true });
  return all.filter((name) => name.includes('.unfinished-'));
}

describe('order of the sources', () => {
  it("takes a program and its tool from one download of Debian's package, and says that they are old", async () => {
    await machine.debianOfSpecs();
    const { main, tool } = machine.specs();
    const programs = await provisionPrograms([main, tool], machine.context());
    expect([...programs.values()]).toEqual([
      {
        name: 'mainprog',
        path: join(machine.cacheDir, 'programs/mainprog/debian-2.42.0/mainprog'),
        version: { major: 2, minor: 42, patch: 0 },
        origin: 'debian',
      },
      {
        name: 'maintool',
        path: join(machine.cacheDir, 'programs/maintool/debian-2.42.0/maintool'),
        version: { major: 2, minor: 42, patch: 0 },
        origin: 'debian',
      },
    ]);
    expect(await machine.calls('apt-get')).toBe(2);
    expect(machine.texts()).toContain("mainprog 2.42.0 from Debian's package: older than 3.16.0");
    expect(await unfinished()).toEqual([]);
  });

  it('asks nobody when the cache has them', async () => {
    await machine.debianOfSpecs();
    const { main, tool } = machine.specs();
    const first = await provisionPrograms([main, tool], machine.context());
    const calls = await machine.calls('apt-get');
    expect(await provisionPrograms([main, tool], machine.context())).toEqual(first);
    expect(await machine.calls('apt-get')).toBe(calls);
  });

  it('goes on to go when Debian refuses, and names the reason', async () => {
    await machine.tool('apt-get', `echo "E: Unable to locate package main" >&2; exit 100`);
    await machine.tool('dpkg-deb', 'exit 1');
    await machine.go('1.26.0');
    const program = await provisionProgram(machine.specs().main, machine.context());
    expect(program).toMatchObject({ origin: 'go', version: { major: 3, minor: 16, patch: 0 } });
    expect(machine.texts()).toContain(
      "mainprog: not from debian: this machine's package sources have no package main",
    );
  });

  it('prefers the newer of two cached builds, and only of the sources that are listed', async () => {
    await machine.debianOfSpecs();
    await machine.go('1.26.0');
    const { main } = machine.specs();
    await provisionProgram(main, machine.context({ sources: ['cache', 'debian'] }));
    await provisionProgram(main, machine.context({ sources: ['cache', 'go'] }));
    const origin = async (sources: ('cache' | 'debian' | 'go')[]) =>
      (await provisionProgram(main, machine.context({ sources }))).origin;
    expect(await origin(['cache', 'debian', 'go'])).toBe('go');
    expect(await origin(['cache', 'debian'])).toBe('debian');
    expect(await machine.calls('go-build')).toBe(1);
  });

  it('completes a group from where its first part came', async () => {
    await machine.debianOfSpecs();
    await machine.go('1.26.0');
    const { main, tool } = machine.specs();
    await provisionProgram(main, machine.context({ sources: ['cache', 'go'] }));
    const programs = await provisionPrograms([main, tool], machine.context());
    expect([...programs.values()].map(({ origin }) => origin)).toEqual(['go', 'go']);
    expect(await machine.calls('go-build')).toBe(2);
  });

  it('has one line for each refusal, and the way out, when all refuse', async () => {
    await machine.go('1.21.0');
    const error = await failure(provisionProgram(machine.specs().main, machine.context()));
    expect(error.code).toBe('LS-PROVISION-001');
    expect(error.exit).toBe(6);
    expect(error.details.detail).toEqual([
      `cache: no mainprog in ${machine.cacheDir} yet`,
      'debian: apt-get is not on PATH',
      'go: go 1.21.0 is too old, the build needs 1.22.1, and this go may not fetch a newer one (GOTOOLCHAIN)',
    ]);
    expect(error.details.fix).toContain('provision: {paths: {mainprog: /path/to/mainprog}}');
  });

  it('says where the whole output of a failed build is', async () => {
    await machine.go('1.26.0', 'echo "# example.org/x" >&2; echo "x.go:3:1: undefined: y" >&2; exit 1');
    const error = await failure(provisionProgram(machine.specs().main, machine.context({ sources: ['go'] })));
    const log = join(machine.cacheDir, 'programs/mainprog/last-failed-build.log');
    expect(error.details.detail).toEqual([
      'go: mainprog: go build failed: x.go:3:1: undefined: y',
      `go's whole output: ${log}`,
    ]);
    expect(await readFile(log, 'utf8')).toContain('# example.org/x');
    expect(await unfinished()).toEqual([]);
  });
});

describe('the cache', () => {
  it('ignores and replaces an entry without its record', async () => {
    await machine.debianOfSpecs();
    const { main } = machine.specs();
    const directory = join(machine.cacheDir, 'programs/mainprog/debian-2.42.0');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'mainprog'), 'half');
    const program = await provisionProgram(main, machine.context());
    expect(await readFile(program.path, 'utf8')).toContain('version 2.42.0');
  });

  it('does not use an executable that was changed, and has it anew from where it came', async () => {
    await machine.debianOfSpecs();
    await machine.go('1.26.0');
    const { main } = machine.specs();
    await provisionProgram(main, machine.context({ sources: ['cache', 'debian'] }));
    const built = await provisionProgram(main, machine.context({ sources: ['cache', 'go'] }));
    const good = await readFile(built.path, 'utf8');
    await writeFile(built.path, good.replace('version', 'Version'));
    const again = await provisionProgram(main, machine.context());
    expect(again).toEqual(built);
    expect(await readFile(again.path, 'utf8')).toBe(good);
    expect(machine.texts()).toContain(`${built.path} is not what was put there`);
  });

  it('uses a copied cache, whose times differ', async () => {
    await machine.debianOfSpecs();
    const { main } = machine.specs();
    const { path } = await provisionProgram(main, machine.context());
    const calls = await machine.calls('apt-get');
    await writeFile(path, await readFile(path));
    await chmod(path, 0o755);
    await provisionProgram(main, machine.context());
    expect(await machine.calls('apt-get')).toBe(calls);
  });

  it('builds once when two ask at the same time', async () => {
    await machine.go('1.26.0', '/bin/sleep 0.4');
    const { main } = machine.specs();
    const context = machine.context({ sources: ['cache', 'go'] });
    const [a, b] = await Promise.all([provisionProgram(main, context), provisionProgram(main, context)]);
    expect(a).toEqual(b);
    expect(await machine.calls('go-build')).toBe(1);
    expect(machine.texts().some((text) => text.startsWith('waiting for another Leitstand'))).toBe(true);
  });

  it('is named when it cannot be written', async () => {
    await writeFile(machine.cacheDir, 'a file where the directory should be');
    const error = await failure(provisionProgram(machine.specs().main, machine.context()));
    expect(error.code).toBe('LS-PROVISION-005');
    expect(error.details.what).toContain(machine.cacheDir);
  });
});

describe('a cancelled build', () => {
  it('dies with everything it started and leaves nothing that counts', async () => {
    const marker = join(machine.root, 'started');
    await machine.go('1.26.0', `/bin/sleep 60 & echo $! > '${marker}'; wait`);
    const controller = new AbortController();
    const context = machine.context({ sources: ['cache', 'go'] }, { signal: controller.signal });
    const outcome = provisionProgram(machine.specs().main, context).catch((error: unknown) => error);
    while (!(await exists(marker)) || (await readFile(marker, 'utf8')) === '') await context.clock.sleep(20);
    controller.abort(new Error('cancelled by the test'));
    expect(await outcome).toEqual(new Error('cancelled by the test'));
    const grandchild = Number(await readFile(marker, 'utf8'));
    await expect.poll(() => exists(`/proc/${grandchild}`), { timeout: 5000 }).toBe(false);
    expect(await unfinished()).toEqual([]);

    await machine.go('1.26.0');
    expect(
      (await provisionProgram(machine.specs().main, machine.context({ sources: ['cache', 'go'] }))).origin,
    ).toBe('go');
  });

  it('killed with SIGKILL, is swept by the next run', async () => {
    await machine.go('1.26.0');
    const left = join(machine.cacheDir, 'programs/mainprog/build.unfinished-0123456789ab');
    await mkdir(left, { recursive: true });
    await provisionProgram(machine.specs().main, machine.context({ sources: ['cache', 'go'] }));
    expect(await exists(left)).toBe(false);
  });
});

describe('a configured path', () => {
  it('is used before any source', async () => {
    const path = await machine.executable(join(machine.root, 'own'), "echo 'mainprog, version 3.1.4 (x)'");
    const program = await provisionProgram(
      machine.specs().main,
      machine.context({ paths: { mainprog: path }, sources: [] }),
    );
    expect(program).toEqual({
      name: 'mainprog',
      path,
      version: { major: 3, minor: 1, patch: 4 },
      origin: 'configured',
    });
  });

  it('that is wrong is refused before anything is downloaded; all mistakes in one run', async () => {
    await machine.debianOfSpecs();
    const { main, tool } = machine.specs();
    const other = await machine.executable(join(machine.root, 'own'), "echo 'alertmanager, version 0.31.1'");
    const paths = { mainprog: other, maintool: '/nowhere/maintool' };
    const error = await provisionPrograms([main, tool], machine.context({ paths })).catch((e: unknown) => e);
    if (!(error instanceof LeitstandErrors)) throw error;
    expect(error.errors.map(({ code, exit, details }) => [code, exit, details.why])).toEqual([
      ['LS-PROVISION-003', 2, 'it says that it is alertmanager'],
      ['LS-PROVISION-002', 2, 'there is no such file'],
    ]);
    expect(await machine.calls('apt-get')).toBe(0);
  });

  it.each([
    ['a relative path', 'own', 'the path is not absolute'],
    ['a directory', '.', 'it is not a file'],
    ['a file that is not executable', 'plain', 'this user may not execute it'],
  ])('refuses %s', async (_, name, why) => {
    const path = name === 'own' ? name : join(machine.root, name);
    if (name === 'plain') await writeFile(path, 'x', { mode: 0o644 });
    const { main } = machine.specs();
    const error = await failure(provisionProgram(main, machine.context({ paths: { mainprog: path } })));
    expect([error.code, error.details.why]).toEqual(['LS-PROVISION-002', why]);
  });

  it('whose program crashes is refused with its words', async () => {
    const path = await machine.executable(join(machine.root, 'own'), 'echo "bad libc" >&2; exit 127');
    const { main } = machine.specs();
    const error = await failure(provisionProgram(main, machine.context({ paths: { mainprog: path } })));
    expect([error.code, error.details.why]).toEqual([
      'LS-PROVISION-003',
      '--version ended with exit code 127: bad libc',
    ]);
  });

  it('whose version cannot be told is refused, not guessed', async () => {
    await machine.go('1.26.0');
    const path = await machine.executable(join(machine.root, 'own'), "echo 'mainprog, version  (x)'");
    const { main } = machine.specs();
    const error = await failure(provisionProgram(main, machine.context({ paths: { mainprog: path } })));
    expect(error.code).toBe('LS-PROVISION-004');
  });

  it('warns when its tool is of another version', async () => {
    await machine.debianOfSpecs();
    const path = await machine.executable(join(machine.root, 'own'), "echo 'mainprog, version 3.1.4 (x)'");
    const { main, tool } = machine.specs();
    await provisionPrograms([main, tool], machine.context({ paths: { mainprog: path } }));
    expect(machine.texts()).toContain(
      'maintool is 2.42.0, mainprog is 3.1.4: set provision.paths.maintool to one of the same version',
    );
  });

  it('in the cache has the version that is recorded there', async () => {
    await machine.go('1.26.0');
    const { main } = machine.specs();
    const { path } = await provisionProgram(main, machine.context({ sources: ['cache', 'go'] }));
    expect(dirname(path)).toMatch(/go-3\.16\.0$/);
    const program = await provisionProgram(main, machine.context({ paths: { mainprog: path } }));
    expect(program).toMatchObject({ origin: 'configured', version: { major: 3, minor: 16, patch: 0 } });
  });
});
