import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeitstandError } from '../../../../src/platform/errors.ts';
import { provisionProgram, provisionPrograms } from '../../../../src/runtimes/native/provision/provision.ts';
import { parseVersionAnswer } from '../../../../src/runtimes/native/provision/version.ts';
import type { NeededProgram } from '../../../../src/stack/program.ts';
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

function system(more: Partial<NeededProgram> = {}): NeededProgram {
  return { ...machine.specs().main, wanted: 'system', ...more };
}

describe('version: system', () => {
  it.each(['mainprog', 'debian-main'])('takes the program on PATH, here %s', async (file) => {
    const path = await machine.tool(file, "echo 'mainprog, version 2.45.3 (x)'");
    await machine.debianOfSpecs();
    expect(await provisionProgram(system(), machine.context())).toEqual({
      name: 'mainprog',
      path,
      version: { major: 2, minor: 45, patch: 3 },
      origin: 'system',
    });
    expect(await machine.calls('apt-get')).toBe(0);
  });

  it('passes over another program of that name', async () => {
    await machine.tool('mainprog', "echo 'other, version 1.0.0 (x)'");
    const path = await machine.tool('debian-main', "echo 'mainprog, version 2.45.3 (x)'");
    expect((await provisionProgram(system(), machine.context())).path).toBe(path);
  });

  it('looks nowhere else when there is none', async () => {
    await machine.debianOfSpecs();
    await machine.tool('mainprog', "echo 'other, version 1.0.0 (x)'");
    const error = await failure(provisionProgram(system(), machine.context()));
    expect([error.code, error.exit]).toEqual(['LS-PROVISION-006', 2]);
    expect(error.details.why).toBe(`looked for mainprog and debian-main in ${join(machine.root, 'bin')}`);
    expect(error.details.detail).toEqual([
      `${join(machine.root, 'bin', 'mainprog')}: it says that it is other`,
    ]);
    expect(error.details.fix).toContain('apt-get install main');
  });

  it('refuses a version that cannot be told, and one that is too old', async () => {
    await machine.tool('mainprog', "echo 'mainprog, version  (x)'");
    expect((await failure(provisionProgram(system(), machine.context()))).code).toBe('LS-PROVISION-004');
    const path = await machine.tool('mainprog', "echo 'mainprog, version 2.41.0 (x)'");
    const error = await failure(provisionProgram(system({ minimum: '2.42' }), machine.context()));
    expect([error.code, error.exit, error.details.what]).toEqual([
      'LS-PROVISION-007',
      2,
      `${path} is mainprog 2.41.0, Leitstand needs 2.42 or newer`,
    ]);
    expect(error.details.fix).toBe(
      'install a newer one, or remove `version: system` to let Leitstand provide mainprog 3.16.0',
    );
  });

  it('gives way to a configured path', async () => {
    await machine.tool('mainprog', "echo 'mainprog, version 2.45.3 (x)'");
    const own = await machine.executable(join(machine.root, 'own'), "echo 'mainprog, version 3.0.0 (x)'");
    const program = await provisionProgram(system(), machine.context({ paths: { mainprog: own } }));
    expect(program).toMatchObject({ path: own, origin: 'configured' });
  });
});

describe('version: a number', () => {
  it('is taken from no source that has another one; each says which', async () => {
    await machine.debianOfSpecs();
    await machine.go('1.26.0');
    const spec = { ...machine.specs().main, wanted: '2.45.0' };
    const error = await failure(provisionProgram(spec, machine.context()));
    expect(error.details.detail).toEqual([
      `cache: no mainprog 2.45.0 in ${machine.cacheDir} yet`,
      'debian: the package has mainprog 2.42.0, the stack wants 2.45.0',
      'go: go would build mainprog 3.16.0, the stack wants 2.45.0',
    ]);
    expect(await machine.calls('go-build')).toBe(0);
  });

  it('is taken from the source that has it, also from the cache beside a newer one', async () => {
    await machine.debianOfSpecs();
    await machine.go('1.26.0');
    const { main } = machine.specs();
    const wanted = { ...main, wanted: '2.42.0' };
    expect((await provisionProgram(main, machine.context({ sources: ['cache', 'go'] }))).origin).toBe('go');
    expect((await provisionProgram(wanted, machine.context())).origin).toBe('debian');
    const calls = await machine.calls('apt-get');
    expect((await provisionProgram(wanted, machine.context())).origin).toBe('debian');
    expect((await provisionProgram(main, machine.context())).origin).toBe('go');
    expect(await machine.calls('apt-get')).toBe(calls);
    expect(machine.texts().filter((text) => text.includes('older than'))).toEqual([]);
  });

  it('contradicts a configured path of another version', async () => {
    const own = await machine.executable(join(machine.root, 'own'), "echo 'mainprog, version 3.0.0 (x)'");
    const spec = { ...machine.specs().main, wanted: '3.16.0' };
    const error = await failure(provisionProgram(spec, machine.context({ paths: { mainprog: own } })));
    expect([error.code, error.exit, error.details.what]).toEqual([
      'LS-PROVISION-010',
      2,
      `${own} (provision.paths.mainprog) is mainprog 3.0.0, the stack wants 3.16.0`,
    ]);
  });

  it('below what Leitstand renders for is refused before anything is asked', async () => {
    await machine.debianOfSpecs();
    const spec = { ...machine.specs().main, wanted: '2.30.0', minimum: '2.42' };
    const error = await failure(provisionProgram(spec, machine.context()));
    expect([error.code, error.exit]).toEqual(['LS-PROVISION-007', 2]);
    expect(await machine.calls('apt-get')).toBe(0);
  });
});

describe('a program that is too old', () => {
  it('at a configured path is refused with found, minimum and fix', async () => {
    const own = await machine.executable(join(machine.root, 'own'), "echo 'mainprog, version 2.41.9 (x)'");
    const spec = { ...machine.specs().main, minimum: '2.42' };
    const error = await failure(provisionProgram(spec, machine.context({ paths: { mainprog: own } })));
    expect([error.code, error.exit, error.details.what]).toEqual([
      'LS-PROVISION-007',
      2,
      `${own} is mainprog 2.41.9, Leitstand needs 2.42 or newer`,
    ]);
    expect(error.details.fix).toBe(
      'name a newer one under provision.paths.mainprog, or remove the line to let Leitstand provide mainprog 3.16.0',
    );
  });

  it("in Debian's package is passed over, as is one in the cache", async () => {
    await machine.debianOfSpecs();
    await machine.go('1.26.0');
    const { main } = machine.specs();
    await provisionProgram(main, machine.context({ sources: ['cache', 'debian'] }));
    const spec = { ...main, minimum: '2.43' };
    expect((await provisionProgram(spec, machine.context())).origin).toBe('go');
    expect(machine.texts()).toContain(
      'mainprog: not from debian: the package has mainprog 2.42.0, Leitstand needs 2.43 or newer',
    );
  });

  it('all mistakes about named programs come in one run', async () => {
    const { main, tool } = machine.specs();
    const specs = [
      { ...main, wanted: 'system' },
      { ...tool, wanted: '2.30.0', minimum: '2.42' },
    ];
    const error = (await provisionPrograms(specs, machine.context()).catch((reason: unknown) => reason)) as {
      errors: LeitstandError[];
    };
    expect(error.errors.map(({ code }) => code)).toEqual(['LS-PROVISION-006', 'LS-PROVISION-007']);
  });
});

it.each([
  ['prometheus, version 2.42.0+ds (branch: x)', 'prometheus', '2.42.0'],
  ['node_exporter, version  (branch: )', 'node_exporter', undefined],
  ['victoria-logs-20260801-120000-tags-v1.52.1-0-g0123abc', 'victoria-logs', '1.52.1'],
  ['Version  : 1.8.0\nBuild    : abc', undefined, '1.8.0'],
  ['Version  : git\nBuild    : norev', undefined, undefined],
  ['', undefined, undefined],
])('the answer %j to --version', (text, name, version) => {
  const answer = parseVersionAnswer(text);
  const found = answer.version && `${answer.version.major}.${answer.version.minor}.${answer.version.patch}`;
  expect([answer.name, found]).toEqual([name, version]);
});
