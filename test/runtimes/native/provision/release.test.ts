import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { LeitstandError } from '../../../../src/platform/errors.ts';
import { exists } from '../../../../src/platform/files.ts';
import { runProgram } from '../../../../src/platform/processes.ts';
import { provisionProgram, provisionPrograms } from '../../../../src/runtimes/native/provision/provision.ts';
import { openLockFile } from '../../../../src/runtimes/native/provision/release/lock-file.ts';
import { takeFromRelease } from '../../../../src/runtimes/native/provision/release/release.ts';
import { SourceRefused } from '../../../../src/runtimes/native/provision/source.ts';
import type { Provisioning } from '../../../../src/stack/stack.ts';
import { FakeMachine } from './fake-tools.ts';
import {
  ARCH,
  archiveName,
  makeArchive,
  ReleaseServer,
  released,
  releasePath,
  sha256,
  versionScript,
} from './release-server.ts';

const { main, tool } = released;
const ARCHIVE = `${releasePath('3.16.0')}/${archiveName('3.16.0')}`;
const SUMS = `${releasePath('3.16.0')}/sha256sums.txt`;

let machine: FakeMachine;
let server: ReleaseServer;
beforeEach(async () => {
  [machine, server] = await Promise.all([FakeMachine.make(), ReleaseServer.start()]);
  await mkdir(join(machine.root, 'stack'));
});
afterEach(() => Promise.all([machine.remove(), server.stop()]));

function lockFile(): string {
  return join(machine.root, 'stack', 'leitstand.lock');
}

function context(provisioning: Partial<Provisioning> = {}) {
  const settings = {
    sources: ['cache', 'release', 'debian', 'go'],
    mirror: server.url,
    ...provisioning,
  } as const;
  return machine.context(settings, { lockFile: lockFile() });
}

/** With a patience that fits a test. */
function take(limits = { connectMs: 300, stallMs: 300 }, silent = new Map<string, string>()) {
  const lock = openLockFile(lockFile(), () => undefined);
  return takeFromRelease([main], context(), { lock, silent, limits });
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof SourceRefused)) throw error;
  return error.message.replaceAll(server.url, 'SERVER');
}

async function failure(promise: Promise<unknown>): Promise<LeitstandError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof LeitstandError)) throw error;
  return error;
}

/** Nothing that counts, and nothing half done. */
async function expectNothingKept(): Promise<void> {
  const kept = await readdir(join(machine.cacheDir, 'programs'), { recursive: true }).catch(() => []);
  expect(kept.filter((name) => /unfinished|program\.json/.test(name))).toEqual([]);
}

describe('a release archive', () => {
  it('gives a program and its tool by one download, verified and pinned', async () => {
    const archive = await server.publish();
    const programs = await provisionPrograms([main, tool], context());
    expect([...programs.values()]).toEqual(
      ['mainprog', 'maintool'].map((name) => ({
        name,
        path: join(machine.cacheDir, 'programs', name, 'release-3.16.0', name),
        version: { major: 3, minor: 16, patch: 0 },
        origin: 'release',
      })),
    );
    expect(server.asked).toEqual([SUMS, ARCHIVE]);
    const text = await readFile(lockFile(), 'utf8');
    expect(text).toMatch(/^# Which release archives this stack takes/);
    const own = {
      name: archiveName('3.16.0'),
      version: '3.16.0',
      arch: ARCH,
      url: `https://github.com${ARCHIVE}`,
      sha256: sha256(archive),
      taken: expect.stringMatching(/^\d{4}-.*Z$/),
      programs: {
        mainprog: sha256(versionScript('mainprog', '3.16.0')),
        maintool: sha256(versionScript('maintool', '3.16.0')),
      },
    };
    const { archives } = parse(text);
    expect(archives).toHaveLength(2);
    expect(archives.find(({ arch }: { arch: string }) => arch === ARCH)).toEqual(own);
    expect(archives.find(({ arch }: { arch: string }) => arch !== ARCH).sha256).toBe('1'.repeat(64));
    expect((await readdir(join(machine.root, 'stack'))).sort()).toEqual(['leitstand.lock']);
  });

  it('is not asked for again while the cache has it, and the lock file stays as it is', async () => {
    await server.publish();
    const first = await provisionPrograms([main, tool], context());
    const text = await readFile(lockFile(), 'utf8');
    server.asked.length = 0;
    expect(await provisionPrograms([main, tool], context())).toEqual(first);
    expect(server.asked).toEqual([]);
    expect(await readFile(lockFile(), 'utf8')).toBe(text);
  });

  it('that is pinned needs no checksums of the project', async () => {
    await server.publish();
    await provisionPrograms([main], context());
    server.asked.length = 0;
    await provisionPrograms([main], context({ sources: ['release'] }));
    expect(server.asked).toEqual([ARCHIVE]);
  });

  it('made by GNU tar, with a dot in front of its names, is read as well', async () => {
    const top = join(machine.root, 'made', `mainprog-3.16.0.linux-${ARCH}`);
    await mkdir(top, { recursive: true });
    await writeFile(join(top, 'mainprog'), versionScript('mainprog', '3.16.0'));
    await chmod(join(top, 'mainprog'), 0o755);
    const file = join(machine.root, 'made.tar.gz');
    const made = await runProgram('tar', ['-czf', file, '-C', join(machine.root, 'made'), '.']);
    expect(made.exitCode).toBe(0);
    const archive = await readFile(file);
    server.file(ARCHIVE, archive);
    server.file(SUMS, `${sha256(archive)} *./${archiveName('3.16.0')}\n`);
    expect((await provisionProgram(main, context())).origin).toBe('release');
  });

  it('of any version is taken where the stack wants that version', async () => {
    await server.publish('3.15.2');
    const program = await provisionProgram({ ...main, wanted: '3.15.2' }, context());
    expect(program).toMatchObject({ origin: 'release', version: { major: 3, minor: 15, patch: 2 } });
  });

  it('replaces a half-written entry of the cache', async () => {
    await server.publish();
    const directory = join(machine.cacheDir, 'programs/mainprog/release-3.16.0');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'mainprog'), 'half');
    const { path } = await provisionProgram(main, context());
    expect(await readFile(path, 'utf8')).toBe(versionScript('mainprog', '3.16.0'));
  });
});

describe('what came is not what it should be', () => {
  it('by the checksum of the project: refused, and no other source is asked', async () => {
    await server.publish();
    server.file(ARCHIVE, await makeArchive({ evil: 'x' }));
    await machine.debianOfSpecs();
    const { debian } = machine.specs().main;
    const error = await failure(provisionProgram({ ...main, ...(debian ? { debian } : {}) }, context()));
    expect([error.code, error.exit]).toEqual(['LS-PROVISION-008', 6]);
    expect(error.details.detail?.join('\n')).toMatch(/published {2}[0-9a-f]{64} .*\nfound {6}[0-9a-f]{64}/);
    expect(await machine.calls('apt-get')).toBe(0);
    expect(await exists(lockFile())).toBe(false);
    await expectNothingKept();
  });

  it('by the lock file: refused, although the project now publishes this checksum', async () => {
    await server.publish();
    await provisionProgram(main, context());
    await server.publish('3.16.0', (name) => `${versionScript(name, '3.16.0')}# changed\n`);
    const before = await readFile(lockFile(), 'utf8');
    const error = await failure(provisionProgram(main, context({ sources: ['release', 'debian', 'go'] })));
    expect(error.code).toBe('LS-PROVISION-008');
    expect(error.details.what).toBe(`${archiveName('3.16.0')} is not the one that ${lockFile()} pins`);
    expect(await readFile(lockFile(), 'utf8')).toBe(before);
  });

  it.each([
    ['the archive', /^ {4}sha256: .*$/gm, '    sha256: '],
    ['the program', /^ {6}mainprog: .*$/gm, '      mainprog: '],
  ])('in the cache, by the lock file (%s): refused', async (_, line, start) => {
    await server.publish();
    const { path } = await provisionProgram(main, context());
    const text = await readFile(lockFile(), 'utf8');
    await writeFile(lockFile(), text.replace(line, `${start}${'a'.repeat(64)}`));
    const error = await failure(provisionProgram(main, context()));
    expect([error.code, error.details.what]).toEqual([
      'LS-PROVISION-008',
      `${path} is not the one that ${lockFile()} pins`,
    ]);
  });

  it('another program under the right checksum is refused with what it says', async () => {
    await server.publish('3.16.0', () => versionScript('other', '3.16.0'));
    expect(await refusal(take())).toBe(`mainprog in ${archiveName('3.16.0')} says that it is other`);
    await server.publish('3.16.0', (name) => versionScript(name, '3.14.0'));
    expect(await refusal(take())).toBe(`mainprog in ${archiveName('3.16.0')} is 3.14.0, not 3.16.0`);
    await expectNothingKept();
  });

  it('an archive without the program, and one that is no archive', async () => {
    const publish = (archive: Buffer) => {
      server.file(ARCHIVE, archive);
      server.file(SUMS, `${sha256(archive)}  ${archiveName('3.16.0')}\n`);
    };
    publish(await makeArchive({ 'README.md': 'x' }));
    expect(await refusal(take())).toBe(
      `${archiveName('3.16.0')} does not hold mainprog-3.16.0.linux-${ARCH}/mainprog`,
    );
    publish(Buffer.from('<html>log in first</html>'));
    expect(await refusal(take())).toBe(`${archiveName('3.16.0')} cannot be unpacked: incorrect header check`);
    const whole = await makeArchive({ 'README.md': 'x'.repeat(5000) });
    publish(whole.subarray(0, whole.length - 20));
    expect(await refusal(take())).toMatch(/cannot be unpacked: unexpected end of file/);
    await expectNothingKept();
  });
});

describe('a server that does not serve', () => {
  const hang: RequestListener = () => undefined;

  it('has no such version', async () => {
    expect(await refusal(take())).toBe(`SERVER${SUMS} is not there (404)`);
  });

  it('has no checksum of the archive', async () => {
    await server.publish();
    server.file(SUMS, `${'2'.repeat(64)}  other.tar.gz\n`);
    expect(await refusal(take())).toBe(`SERVER${SUMS} has no checksum of ${archiveName('3.16.0')}`);
  });

  it('breaks off in the middle', async () => {
    const archive = await server.publish();
    server.answers.set(ARCHIVE, (_, response) => {
      response.setHeader('content-length', archive.length);
      response.write(archive.subarray(0, 100), () => response.destroy());
    });
    expect(await refusal(take())).toMatch(/ broke off after 100 B of \d+ B$/);
    await expectNothingKept();
  });

  it('accepts, says nothing, and is not waited for again', async () => {
    server.answers.set(SUMS, hang);
    const silent = new Map<string, string>();
    const host = new URL(server.url).host;
    expect(await refusal(take(undefined, silent))).toBe(
      `${host} cannot be reached: not a byte within 300 ms: it hangs, or the network drops it`,
    );
    const started = performance.now();
    await refusal(take({ connectMs: 60_000, stallMs: 60_000 }, silent));
    // It would be a minute.
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(server.asked).toEqual([SUMS]);
  });

  it('hangs in the middle', async () => {
    const archive = await server.publish();
    server.answers.set(ARCHIVE, (_, response) => {
      response.setHeader('content-length', archive.length);
      response.write(archive.subarray(0, 100));
    });
    expect(await refusal(take())).toMatch(/ broke off after 100 B of \d+ B: only 100 B within 300 ms$/);
    await expectNothingKept();
  });

  it('drips, which would take days', async () => {
    server.answers.set(SUMS, (_, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    expect(await refusal(take())).toMatch(/ broke off after \d+ B: only \d+ B within 300 ms$/);
  });

  it('cannot be reached: the next source is asked, and each refusal is a line', async () => {
    const closed = await ReleaseServer.start(createServer());
    const mirror = closed.url;
    await closed.stop();
    await machine.debianOfSpecs();
    const specs = machine.specs();
    const release = main.release ? { release: main.release } : {};
    const program = await provisionProgram({ ...specs.main, ...release }, context({ mirror }));
    expect(program.origin).toBe('debian');
    expect(machine.texts()).toContain(
      `mainprog: not from release: ${new URL(mirror).host} cannot be reached: connection refused: nothing listens there`,
    );
  });

  it('redirects to http', async () => {
    server.answers.set(SUMS, (_, response) => {
      response.writeHead(302, { location: `${server.url}/elsewhere` }).end();
    });
    server.file('/elsewhere', `${'2'.repeat(64)}  ${archiveName('3.16.0')}\n`);
    expect(await refusal(take())).toBe(`SERVER${SUMS} redirects to SERVER, which is not https`);
    expect(server.asked).toEqual([SUMS]);
  });

  it('announces more than is believed, or sends it without a word', async () => {
    await server.publish();
    server.answers.set(ARCHIVE, (_, response) => {
      response.setHeader('content-length', 2 * 1024 ** 3);
      response.write('x');
    });
    expect(await refusal(take())).toBe(`SERVER${ARCHIVE} has over 1.0 GiB, which is not believed`);
    server.answers.set(SUMS, (_, response) => {
      for (let sent = 0; sent < 20; sent += 1) response.write('x'.repeat(100_000));
      response.end();
    });
    expect(await refusal(take())).toBe(`SERVER${SUMS} has over 1.0 MiB, which is not believed`);
    await expectNothingKept();
  });

  it('is given up when the user cancels', async () => {
    server.answers.set(SUMS, hang);
    const controller = new AbortController();
    const outcome = provisionProgram(main, { ...context(), signal: controller.signal });
    await expect.poll(() => server.asked).toEqual([SUMS]);
    controller.abort(new Error('cancelled by the test'));
    await expect(outcome).rejects.toThrow('cancelled by the test');
    await expectNothingKept();
  });

  it('is asked through the proxy that the environment names, whose password stays out of the words', async () => {
    const proxy = await ReleaseServer.start(
      createServer().on('connect', (_, socket) => socket.end('HTTP/1.1 407 No\r\n\r\n')),
    );
    try {
      const env = { ...context().env, HTTPS_PROXY: `http://me:hunter2@127.0.0.1:${proxy.port}` };
      const error = await failure(
        provisionProgram(main, {
          ...context({ sources: ['release'] }),
          env,
          provisioning: { ...context().provisioning, sources: ['release'], mirror: 'https://mirror.invalid' },
        }),
      );
      expect(error.details.detail).toEqual([
        'release: mirror.invalid cannot be reached: the proxy in HTTP_PROXY or HTTPS_PROXY does not let it through (it answers 407)',
      ]);
    } finally {
      await proxy.stop();
    }
  });

  it('is not blamed for a proxy that is down', async () => {
    const proxy = await ReleaseServer.start();
    const { port } = proxy;
    await proxy.stop();
    const error = await failure(
      provisionProgram(main, {
        ...context(),
        env: { ...context().env, HTTPS_PROXY: `http://me:hunter2@127.0.0.1:${port}` },
        provisioning: { ...context().provisioning, sources: ['release'], mirror: 'https://mirror.invalid' },
      }),
    );
    expect(error.details.detail).toEqual([
      `release: mirror.invalid cannot be reached: the proxy in HTTP_PROXY or HTTPS_PROXY (port ${port}): connection refused: nothing listens there`,
    ]);
  });

  it('is elsewhere and speaks http: only what is pinned is taken from it', async () => {
    const error = await failure(
      provisionProgram(main, context({ sources: ['release'], mirror: 'http://mirror.invalid' })),
    );
    expect(error.details.detail?.[0]).toContain('a checksum that comes over http proves nothing');
    const pins = `format: 1\narchives:\n  - {name: ${archiveName('3.16.0')}, version: 3.16.0, arch: ${ARCH}, url: x, sha256: ${'a'.repeat(64)}, taken: x}\n`;
    await writeFile(lockFile(), pins);
    const pinned = await failure(
      provisionProgram(main, context({ sources: ['release'], mirror: 'http://mirror.invalid' })),
    );
    expect(pinned.details.detail?.[0]).toContain('mirror.invalid cannot be reached');
  });
});

describe('leitstand.lock', () => {
  it('that cannot be understood stops everything', async () => {
    await server.publish();
    await writeFile(lockFile(), '<<<<<<< ours\nformat: 1\n');
    const error = await failure(provisionProgram(main, context()));
    expect([error.code, error.exit, error.details.where]).toEqual([
      'LS-PROVISION-009',
      2,
      { file: lockFile() },
    ]);
    expect(error.details.why).toMatch(/ at line \d+, column \d+$/);
    expect(server.asked).toEqual([]);
  });

  it('that cannot be written is a warning', async () => {
    await server.publish();
    const path = join(machine.root, 'nowhere', 'leitstand.lock');
    const program = await provisionProgram(main, { ...context(), lockFile: path });
    expect(program.origin).toBe('release');
    expect(machine.texts().join('\n')).toContain(`${path} cannot be written (ENOENT)`);
  });

  it('of another stack gets what the cache has, without the network', async () => {
    await server.publish();
    await provisionPrograms([main, tool], context());
    server.asked.length = 0;
    const other = join(machine.root, 'other.lock');
    await provisionPrograms([main, tool], { ...context(), lockFile: other });
    expect(server.asked).toEqual([]);
    const [pinned] = parse(await readFile(other, 'utf8')).archives;
    expect(Object.keys(pinned.programs)).toEqual(['mainprog', 'maintool']);
  });

  it('keeps the pins of other programs and other versions', async () => {
    await server.publish();
    await server.publish('3.15.2');
    await provisionProgram(main, context());
    await provisionProgram({ ...main, wanted: '3.15.2' }, context());
    const { archives } = parse(await readFile(lockFile(), 'utf8'));
    expect(
      archives.map(({ version, arch }: { version: string; arch: string }) => `${version} ${arch}`),
    ).toEqual(['3.15.2 amd64', '3.15.2 arm64', '3.16.0 amd64', '3.16.0 arm64']);
  });
});
