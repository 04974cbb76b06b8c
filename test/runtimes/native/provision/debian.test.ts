import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/platform/clock.ts';
import { runProgram } from '../../../../src/platform/processes.ts';
import { takeFromDebian, upstreamVersion } from '../../../../src/runtimes/native/provision/debian.ts';
import { provisionProgram } from '../../../../src/runtimes/native/provision/provision.ts';
import { SourceRefused } from '../../../../src/runtimes/native/provision/source.ts';
import { FakeMachine } from './fake-tools.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await FakeMachine.make();
});
afterEach(() => machine.remove());

async function refusal(): Promise<string> {
  const error = await takeFromDebian([machine.specs().main], machine.context()).catch((e: unknown) => e);
  if (!(error instanceof SourceRefused)) throw error;
  return error.message;
}

/** apt-get whose `update` and `download` are these scripts; download's may use $package. */
async function apt(update: string, download: string): Promise<void> {
  const calls = join(machine.root, 'apt-get.calls');
  await machine.tool(
    'apt-get',
    `for package; do :; done
echo "$package" >> '${calls}'
case "$*" in *update) ${update};; *) ${download};; esac`,
  );
}

async function callsOfApt(): Promise<string[]> {
  return (await readFile(join(machine.root, 'apt-get.calls'), 'utf8')).trim().split('\n');
}

const DOWNLOADED = 'echo deb > main_1_all.deb';

describe('package lists', () => {
  it('are fetched when there are none, and kept', async () => {
    await machine.debianOfSpecs();
    await apt(':', DOWNLOADED);
    await provisionProgram(machine.specs().main, machine.context({ sources: ['debian'] }));
    await provisionProgram(machine.specs().main, machine.context({ sources: ['debian'] }));
    expect(await callsOfApt()).toEqual(['update', 'main', 'main']);
  });

  it('are fetched anew when they are a day old', async () => {
    await machine.debianOfSpecs();
    await apt(':', DOWNLOADED);
    let now = Date.parse('2026-01-01T00:00:00Z');
    const clock = { ...systemClock, now: () => new Date(now) };
    const context = machine.context({ sources: ['debian'] }, { clock });
    await provisionProgram(machine.specs().main, context);
    now += 23 * 3_600_000;
    await provisionProgram(machine.specs().main, context);
    expect(await callsOfApt()).toEqual(['update', 'main', 'main']);
    now += 2 * 3_600_000;
    await provisionProgram(machine.specs().main, context);
    expect((await callsOfApt()).slice(3)).toEqual(['update', 'main']);
  });

  it('are fetched anew when the mirror has replaced what they name', async () => {
    await machine.debianOfSpecs();
    await apt(':', DOWNLOADED);
    await provisionProgram(machine.specs().main, machine.context({ sources: ['debian'] }));
    const once = join(machine.root, 'once');
    await writeFile(once, '');
    await apt(
      `/bin/rm -f '${once}'`,
      `if [ -e '${once}' ]; then echo 'E: Failed to fetch http://x/main.deb  404  Not Found' >&2; exit 100; fi; ${DOWNLOADED}`,
    );
    await provisionProgram(machine.specs().main, machine.context({ sources: ['debian'] }));
    expect(await callsOfApt()).toEqual(['update', 'main', 'main', 'update', 'main']);
  });

  it('that could not be fetched whole do not stop a download that works', async () => {
    await machine.debianOfSpecs();
    await apt('echo "W: Failed: Could not resolve \'dead.example\'" >&2; exit 100', DOWNLOADED);
    const context = machine.context({ sources: ['debian'] });
    expect((await provisionProgram(machine.specs().main, context)).origin).toBe('debian');
  });

  it('are kept in the cache; no command touches the state of the system', async () => {
    await machine.debianOfSpecs();
    await provisionProgram(machine.specs().main, machine.context({ sources: ['debian'] }));
    const lines = (await readFile(join(machine.root, 'apt-get.calls'), 'utf8')).trim().split('\n');
    for (const line of lines) {
      expect(line).toContain(`Dir::State=${machine.cacheDir}/apt/state`);
      expect(line).toContain(`Dir::State::lists=${machine.cacheDir}/apt/state/lists`);
      expect(line).toContain(`Dir::Cache=${machine.cacheDir}/apt/cache`);
      expect(line).toMatch(/APT::Sandbox::User= /);
    }
  });
});

describe('refusals', () => {
  it('no dpkg-deb', async () => {
    await machine.tool('apt-get', 'exit 0');
    expect(await refusal()).toBe('dpkg-deb is not on PATH');
  });

  it('no network: the lists are empty, so that apt knows no package', async () => {
    await machine.debianOfSpecs();
    await apt(
      'echo "W: Failed to fetch http://deb.example/dists  Temporary failure resolving \'deb.example\'" >&2',
      'echo "E: Unable to locate package main" >&2; exit 100',
    );
    expect(await refusal()).toBe(
      "the package server cannot be reached: Temporary failure resolving 'deb.example'",
    );
  });

  it('anything else, in the words of apt-get', async () => {
    await machine.debianOfSpecs();
    await apt(
      ':',
      'echo "E: Some index files failed" >&2; echo "E: The repository is not signed." >&2; exit 100',
    );
    expect(await refusal()).toBe('apt-get ended with exit code 100: The repository is not signed.');
  });

  it('a package that cannot be unpacked', async () => {
    await machine.debianOfSpecs();
    await machine.tool('dpkg-deb', 'echo "dpkg-deb: error: not a Debian format archive" >&2; exit 2');
    expect(await refusal()).toBe(
      'dpkg-deb cannot unpack the package: dpkg-deb: error: not a Debian format archive',
    );
  });

  it('a package without the program', async () => {
    await machine.debian({ 'usr/bin/other': 'other, version 1.0.0' }, '1.0.0-1');
    expect(await refusal()).toBe('the package (1.0.0-1) does not hold usr/bin/debian-main');
  });

  it('a package with another program under that name', async () => {
    await machine.debian({ 'usr/bin/debian-main': 'other, version 1.0.0 (x)' }, '1.0.0-1');
    expect(await refusal()).toBe("the package's usr/bin/debian-main says that it is other");
  });

  it('a program that Debian does not have', async () => {
    const { debian: _, ...spec } = machine.specs().main;
    await expect(takeFromDebian([spec], machine.context())).rejects.toThrow(
      'Debian has no package of mainprog',
    );
  });
});

it('a program that reads files of its package finds them, wherever it is started from', async () => {
  await machine.debianOfSpecs();
  const share = join(machine.root, 'package/usr/share/mainprog');
  await mkdir(share, { recursive: true });
  await writeFile(join(share, 'page'), 'the page');
  await machine.executable(
    join(machine.root, 'package/usr/bin/debian-main'),
    "case $1 in --version) echo 'mainprog, version 2.42.0';; *) /bin/cat /usr/share/mainprog/page;; esac",
  );
  const { main } = machine.specs();
  const spec = {
    ...main,
    debian: { package: 'main', path: 'usr/bin/debian-main', data: '/usr/share/mainprog' },
  };
  const context = machine.context({ sources: ['cache', 'debian'] });
  const { path } = await provisionProgram(spec, context);
  expect((await runProgram(path, ['show'], { cwd: '/' })).stdout).toBe('the page');
  const calls = await machine.calls('apt-get');
  await provisionProgram(spec, context);
  expect(await machine.calls('apt-get')).toBe(calls);
});

it('the same build had again leaves the one that is there in its place', async () => {
  await machine.debianOfSpecs();
  const context = machine.context({ sources: ['debian'] });
  const { path } = await provisionProgram(machine.specs().main, context);
  const before = await stat(path);
  await provisionProgram(machine.specs().main, context);
  expect((await stat(path)).ino).toBe(before.ino);
});

it.each([
  ['2.42.0+ds-5+deb12u1', { major: 2, minor: 42, patch: 0 }],
  ['2:1.5.1-2+b5', { major: 1, minor: 5, patch: 1 }],
  ['0.25-1', { major: 0, minor: 25, patch: 0 }],
  ['unstable-1', undefined],
])('upstream version of %s', (text, version) => {
  expect(upstreamVersion(text)).toEqual(version);
});
