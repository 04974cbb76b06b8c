import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeitstandError } from '../../../../src/platform/errors.ts';
import { runProgram } from '../../../../src/platform/processes.ts';
import { exportPrograms } from '../../../../src/runtimes/native/provision/bundle/export.ts';
import { importPrograms } from '../../../../src/runtimes/native/provision/bundle/import.ts';
import { listCached } from '../../../../src/runtimes/native/provision/bundle/list.ts';
import { provisionPrograms } from '../../../../src/runtimes/native/provision/provision.ts';
import { type NewTarEntry, readTar, writeTar } from '../../../../src/runtimes/native/provision/tar.ts';
import { FakeMachine } from './fake-tools.ts';
import { ReleaseServer, released } from './release-server.ts';

const { main, tool } = released;

let connected: FakeMachine;
let closed: FakeMachine;
let server: ReleaseServer;
beforeEach(async () => {
  [connected, closed, server] = await Promise.all([
    FakeMachine.make(),
    FakeMachine.make(),
    ReleaseServer.start(),
  ]);
});
afterEach(() => Promise.all([connected.remove(), closed.remove(), server.stop()]));

function bundle(): string {
  return join(connected.root, 'programs.tar.gz');
}

function lockOf(machine: FakeMachine): string {
  return join(machine.root, 'leitstand.lock');
}

function here() {
  return connected.context(
    { sources: ['cache', 'release'], mirror: server.url },
    { lockFile: lockOf(connected) },
  );
}

function there() {
  return closed.context({ sources: ['cache', 'release'] }, { lockFile: lockOf(closed) });
}

async function exportAll(file = bundle()): Promise<{ readonly sha256: string }> {
  const programs = await listCached(connected.cacheDir);
  const directories = programs.map(({ directory }) => directory);
  return exportPrograms({ cacheDir: connected.cacheDir, directories, file }, here());
}

async function provideAndExport(): Promise<void> {
  await server.publish();
  await provisionPrograms([main, tool], here());
  await exportAll();
}

/** The bundle with other entries: what somebody on the way could make of it. */
async function tamper(change: (entries: Plain[]) => Plain[]): Promise<void> {
  const entries: Plain[] = [];
  for await (const entry of readTar(Readable.from([gunzipSync(await readFile(bundle()))]))) {
    entries.push({ name: entry.name, text: Buffer.concat(await collect(entry.body)) });
  }
  await writeFile(bundle(), gzipSync(await plainTar(change(entries))));
}

interface Plain {
  readonly name: string;
  readonly text: Buffer;
}

async function plainTar(entries: readonly Plain[]): Promise<Buffer> {
  const files = entries.map(
    ({ name, text }): NewTarEntry => ({
      name,
      mode: 0o755,
      size: text.length,
      body: [text],
    }),
  );
  return Buffer.concat(await collect(writeTar(files)));
}

async function collect(pieces: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

/** Adds a file to the list at the end as well, as a careful forger would. */
function smuggle(entries: readonly Plain[], name: string, text: string): Plain[] {
  const extra = { name, text: Buffer.from(text) };
  return entries.flatMap((entry) => {
    if (entry.name !== 'manifest.json') return [entry];
    const manifest = JSON.parse(entry.text.toString());
    const sha256 = createHash('sha256').update(text).digest('hex');
    manifest.files.push({ path: name, size: text.length, executable: true, sha256 });
    return [extra, { name: 'manifest.json', text: Buffer.from(JSON.stringify(manifest)) }];
  });
}

async function refusal(): Promise<string> {
  const error = await importPrograms(bundle(), there()).then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof LeitstandError)) throw error;
  expect(error.exit).toBe(6);
  // Whatever is wrong: nothing of it is there afterwards.
  expect(await listCached(closed.cacheDir)).toEqual([]);
  const left = await readdir(closed.cacheDir, { recursive: true });
  expect(left.filter((name) => !name.startsWith('locks') && name !== 'programs')).toEqual([]);
  return `${error.code}: ${error.details.why}`;
}

describe('programs carried over', () => {
  it('are listed also beside a link that leads nowhere', async () => {
    await provideAndExport();
    await symlink('/nowhere/at/all', join(connected.cacheDir, 'programs', 'old'));
    expect((await listCached(connected.cacheDir)).map(({ name }) => name)).toEqual(['mainprog', 'maintool']);
  });

  it('are taken from the cache there, without the network', async () => {
    await provideAndExport();
    await cp(lockOf(connected), lockOf(closed));
    const { entries } = await importPrograms(bundle(), there());
    expect(entries.map(({ name }) => name)).toEqual(['maintool', 'mainprog'].sort());
    const offline = {
      ...there(),
      provisioning: { ...there().provisioning, sources: ['cache', 'release'] as const },
    };
    const programs = await provisionPrograms([main, tool], offline);
    expect(programs.get('mainprog')?.path).toBe(
      join(closed.cacheDir, 'programs/mainprog/release-3.16.0/mainprog'),
    );
    const { stdout } = await runProgram(programs.get('maintool')?.path ?? '', ['--version']);
    expect(stdout).toContain('maintool, version 3.16.0');
    expect((await stat(programs.get('mainprog')?.path ?? '')).mtime.toISOString()).toBe(
      '2000-01-01T00:00:00.000Z',
    );
  });

  it('are known by the sum of the whole file, which is the same both times', async () => {
    await provideAndExport();
    const exported = await exportAll();
    expect(
      createHash('sha256')
        .update(await readFile(bundle()))
        .digest('hex'),
    ).toBe(exported.sha256);
    expect((await importPrograms(bundle(), there())).sha256).toBe(exported.sha256);
  });

  it('come from `sources: [cache]` alone as well', async () => {
    await provideAndExport();
    await importPrograms(bundle(), there());
    const context = closed.context({ sources: ['cache'] });
    expect((await provisionPrograms([main, tool], context)).size).toBe(2);
  });

  it('may be uncompressed, and may be imported twice', async () => {
    await provideAndExport();
    const file = join(connected.root, 'programs.tar');
    await exportAll(file);
    expect((await readFile(file)).subarray(0, 9).toString()).toBe('programs/');
    await importPrograms(file, there());
    const before = await stat(join(closed.cacheDir, 'programs/mainprog/release-3.16.0/mainprog'));
    await importPrograms(file, there());
    const after = await stat(join(closed.cacheDir, 'programs/mainprog/release-3.16.0/mainprog'));
    expect(after.ino).toBe(before.ino);
  });

  it("bring the files of Debian's packages along, without links", async () => {
    await connected.debianOfSpecs();
    const share = join(connected.root, 'package/usr/share/mainprog');
    await mkdir(share, { recursive: true });
    await writeFile(join(share, 'page'), 'the page');
    await symlink('/etc/passwd', join(share, 'link'));
    await connected.executable(
      join(connected.root, 'package/usr/bin/debian-main'),
      "case $1 in --version) echo 'mainprog, version 2.42.0';; *) /bin/cat /usr/share/mainprog/page;; esac",
    );
    const spec = {
      name: 'mainprog',
      debian: { package: 'main', path: 'usr/bin/debian-main', data: '/usr/share/mainprog' },
    };
    await provisionPrograms([spec], connected.context({ sources: ['cache', 'debian'] }));
    await exportAll();
    await importPrograms(bundle(), there());
    const program = (await provisionPrograms([spec], closed.context({ sources: ['cache', 'debian'] }))).get(
      'mainprog',
    );
    expect((await runProgram(program?.path ?? '', ['show'], { cwd: '/' })).stdout).toBe('the page');
    expect(await readdir(join(program?.path ?? '', '../usr/share/mainprog'))).toEqual(['page']);
  });
});

describe('a file that is not what it should be', () => {
  it('ends early', async () => {
    await provideAndExport();
    const whole = await readFile(bundle());
    await writeFile(bundle(), whole.subarray(0, whole.length - 200));
    expect(await refusal()).toBe('LS-PROVISION-011: unexpected end of file');
    const plain = gunzipSync(whole);
    await writeFile(bundle(), plain.subarray(0, 1536));
    expect(await refusal()).toBe('LS-PROVISION-011: it ends early');
  });

  it('has no list of files', async () => {
    await provideAndExport();
    await tamper((entries) => entries.filter(({ name }) => name !== 'manifest.json'));
    expect(await refusal()).toContain('the list of files is missing');
  });

  it('has a changed program', async () => {
    await provideAndExport();
    await tamper((entries) =>
      entries.map((entry) =>
        entry.name.endsWith('/mainprog')
          ? { ...entry, text: Buffer.from(entry.text).fill('x', 20, 21) }
          : entry,
      ),
    );
    expect(await refusal()).toBe(
      'LS-PROVISION-011: programs/mainprog/release-3.16.0/mainprog is not what its list of files says',
    );
  });

  it('has a changed program, and its list and record were changed with it: the lock file knows', async () => {
    await server.publish('3.16.0', (name) => `#!/bin/sh\necho '${name}, version 3.16.0'\n# evil\n`);
    await provisionPrograms([main, tool], here());
    await exportAll();
    const other = await FakeMachine.make();
    try {
      await server.publish();
      const context = other.context(
        { sources: ['release'], mirror: server.url },
        { lockFile: lockOf(closed) },
      );
      await provisionPrograms([main, tool], context);
    } finally {
      await other.remove();
    }
    expect(await refusal()).toMatch(/^LS-PROVISION-008: its SHA-256 is another/);
  });

  it.each([
    ['../../outside', 'a path that climbs'],
    ['/etc/cron.d/evil', 'an absolute path'],
    ['programs/mainprog/release-3.16.0/../../../evil', 'a path that climbs later'],
    ['programs/mainprog/release-3.16.0/', 'a directory'],
    ['programs/mainprog/release-3.16.0//x', 'an empty segment'],
    ['programs/mainprog/evil-1.0.0/x', 'a source that is none'],
    ['locks/evil.lock', 'another place in the cache'],
  ])('has %s (%s)', async (name) => {
    await provideAndExport();
    await tamper((entries) => smuggle(entries, name, 'evil'));
    expect(await refusal()).toBe(`LS-PROVISION-011: ${name} is not a path of the cache`);
  });

  it('has a link where a file should be', async () => {
    await provideAndExport();
    const directory = join(connected.root, 'link');
    await mkdir(join(directory, 'programs/mainprog/release-3.16.0'), { recursive: true });
    await symlink('/etc/passwd', join(directory, 'programs/mainprog/release-3.16.0/mainprog'));
    const name = 'programs/mainprog/release-3.16.0/mainprog';
    await rm(bundle());
    await runProgram('tar', ['-czf', bundle(), '-C', directory, name]);
    expect(await refusal()).toBe(`LS-PROVISION-011: ${name} is not a plain file`);
  });

  it('has a file twice, one that is not listed, or one that is missing', async () => {
    await provideAndExport();
    const whole = await readFile(bundle());
    await tamper(([first, ...rest]) => (first ? [first, first, ...rest] : []));
    expect(await refusal()).toMatch(/ is in it twice$/);
    await writeFile(bundle(), whole);
    const extra = { name: 'programs/mainprog/release-3.16.0/extra', text: Buffer.from('x') };
    await tamper((entries) => [extra, ...entries]);
    expect(await refusal()).toBe(`LS-PROVISION-011: ${extra.name} is not in its list of files`);
    await writeFile(bundle(), whole);
    await tamper((entries) => entries.slice(1));
    expect(await refusal()).toMatch(/ is in its list of files, and is missing$/);
  });

  it('has something after the list, where nobody would check it', async () => {
    await provideAndExport();
    const extra = { name: 'programs/mainprog/release-3.16.0/extra', text: Buffer.from('x') };
    await tamper((entries) => [...entries, extra]);
    expect(await refusal()).toBe(`LS-PROVISION-011: ${extra.name} comes after the list of files`);
  });

  it('is for another processor', async () => {
    await provideAndExport();
    await tamper((entries) =>
      entries.map(({ name, text }) => ({
        name,
        text:
          name === 'manifest.json'
            ? Buffer.from(text.toString().replace(/"arch": "\w+"/, '"arch": "s390x"'))
            : text,
      })),
    );
    expect(await refusal()).toBe(
      `LS-PROVISION-011: its programs are for s390x, this machine is ${process.arch}`,
    );
  });

  it('is no archive, or is not there', async () => {
    await writeFile(bundle(), 'x'.repeat(2000));
    expect(await refusal()).toBe('LS-PROVISION-011: it is no tar archive, or it is damaged');
    await rm(bundle());
    expect(await refusal()).toContain('ENOENT');
  });
});

it('an export that cannot be finished leaves no file', async () => {
  await server.publish();
  await provisionPrograms([main], here());
  const controller = new AbortController();
  controller.abort(new Error('cancelled by the test'));
  const directories = (await listCached(connected.cacheDir)).map(({ directory }) => directory);
  const request = { cacheDir: connected.cacheDir, directories, file: bundle() };
  await expect(exportPrograms(request, { ...here(), signal: controller.signal })).rejects.toThrow();
  expect((await readdir(connected.root)).filter((name) => name.startsWith('programs'))).toEqual([]);
});

it('the list names a damaged program', async () => {
  await server.publish();
  const program = (await provisionPrograms([main], here())).get('mainprog');
  await writeFile(program?.path ?? '', 'changed');
  expect((await listCached(connected.cacheDir)).map(({ name, intact }) => [name, intact])).toEqual([
    ['mainprog', false],
  ]);
});
