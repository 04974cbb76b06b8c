import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, type TestContext } from 'vitest';
import { prometheusProgram, promtoolProgram } from '../../src/components/prometheus/programs.ts';
import { pushgatewayProgram } from '../../src/components/pushgateway/programs.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { LeitstandError } from '../../src/platform/errors.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { exportPrograms } from '../../src/runtimes/native/provision/bundle/export.ts';
import { importPrograms } from '../../src/runtimes/native/provision/bundle/import.ts';
import { listCached } from '../../src/runtimes/native/provision/bundle/list.ts';
import { provisionPrograms } from '../../src/runtimes/native/provision/provision.ts';
import type { ProvisionContext } from '../../src/runtimes/native/provision/source.ts';
import type { Program, ProgramSpec } from '../../src/stack/program.ts';
import type { Provisioning } from '../../src/stack/stack.ts';
import { ARCH, ReleaseServer, sha256 } from '../runtimes/native/provision/release-server.ts';
import { findPrograms } from './programs.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-provision-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function context(provisioning: Partial<Provisioning>): ProvisionContext {
  return {
    provisioning: { sources: [], paths: {}, cacheDir: join(root, 'cache'), ...provisioning },
    env: process.env,
    run: runProgram,
    clock: systemClock,
    onProgress: () => undefined,
  };
}

/** This machine may lack the tool or the network; any other refusal is a failure of the test. */
async function provisionOrSkip(
  test: TestContext,
  specs: readonly ProgramSpec[],
  provisioning: Partial<Provisioning>,
): Promise<ReadonlyMap<string, Program>> {
  try {
    return await provisionPrograms(specs, context(provisioning));
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    const reasons = (error.details.detail ?? []).join('; ');
    if (/ not on PATH|neither on PATH|cannot be reached|is too old|no package /.test(reasons))
      test.skip(reasons);
    throw new Error(`${error.message}: ${reasons}`);
  }
}

it("Debian's package gives a program and its tool of one version, and the next run finds them", async (test) => {
  const specs = [prometheusProgram, promtoolProgram];
  const sources = ['cache', 'debian'] as const;
  const programs = await provisionOrSkip(test, specs, { sources });
  const [prometheus, promtool] = [programs.get('prometheus'), programs.get('promtool')];
  expect(prometheus?.origin).toBe('debian');
  expect(promtool?.version).toEqual(prometheus?.version);
  expect((await runProgram(promtool?.path ?? '', ['--version'])).stdout).toContain('promtool, version');

  const offline = { ...context({ sources }), env: { PATH: '/nonexistent' } };
  expect(await provisionPrograms(specs, offline)).toEqual(programs);
}, 300_000);

it('go build makes the pinned version, which is told from the executable alone', async (test) => {
  const programs = await provisionOrSkip(test, [pushgatewayProgram], { sources: ['cache', 'go'] });
  const built = programs.get('pushgateway');
  expect(built).toMatchObject({ origin: 'go', version: { major: 1, minor: 11, patch: 3 } });
  expect(await readdir(join(root, 'cache', 'programs', 'pushgateway'))).toEqual(['go-1.11.3']);

  const elsewhere = join(root, 'pushgateway');
  await copyFile(built?.path ?? '', elsewhere);
  const configured = await provisionPrograms(
    [pushgatewayProgram],
    context({ paths: { pushgateway: elsewhere } }),
  );
  expect(configured.get('pushgateway')).toMatchObject({ origin: 'configured', version: built?.version });
}, 600_000);

it('a release archive of a real program is taken, carried over in a file, and used without the network', async (test) => {
  const built = (await findPrograms('current'))?.get('pushgateway');
  if (!built) test.skip('no current programs on this machine');
  const top = `pushgateway-1.11.3.linux-${ARCH}`;
  await mkdir(join(root, top));
  await copyFile(built?.path ?? '', join(root, top, 'pushgateway'));
  const archive = join(root, 'archive.tar.gz');
  await runProgram('tar', ['-czf', archive, '-C', root, top]);
  const content = await readFile(archive);
  const server = await ReleaseServer.start();
  const place = '/prometheus/pushgateway/releases/download/v1.11.3';
  server.file(`${place}/${top}.tar.gz`, content);
  server.file(`${place}/sha256sums.txt`, `${sha256(content)}  ${top}.tar.gz\n`);
  const lockFile = join(root, 'leitstand.lock');
  const connected = { ...context({ sources: ['cache', 'release'], mirror: server.url }), lockFile };
  const taken = (await provisionPrograms([pushgatewayProgram], connected)).get('pushgateway');
  expect(taken).toMatchObject({ origin: 'release', version: { major: 1, minor: 11, patch: 3 } });
  await server.stop();

  const cacheDir = connected.provisioning.cacheDir;
  const directories = (await listCached(cacheDir)).map(({ directory }) => directory);
  const file = join(root, 'programs.tar.gz');
  await exportPrograms({ cacheDir, directories, file }, connected);
  const closed = { ...context({ sources: ['cache'], cacheDir: join(root, 'closed') }), lockFile };
  await importPrograms(file, closed);
  const there = (await provisionPrograms([pushgatewayProgram], closed)).get('pushgateway');
  expect(there).toEqual({
    ...taken,
    path: join(root, 'closed/programs/pushgateway/release-1.11.3/pushgateway'),
  });
  expect((await runProgram(there?.path ?? '', ['--version'])).stdout).toContain('pushgateway, version');
}, 120_000);
