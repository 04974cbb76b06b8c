import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertmanagerProgram, amtoolProgram } from '../../../../src/components/alertmanager/programs.ts';
import { prometheusProgram, promtoolProgram } from '../../../../src/components/prometheus/programs.ts';
import { pushgatewayProgram } from '../../../../src/components/pushgateway/programs.ts';
import { pickReason } from '../../../../src/runtimes/native/provision/go-build.ts';
import { openToolchain } from '../../../../src/runtimes/native/provision/go-toolchain.ts';
import { reportBuild } from '../../../../src/runtimes/native/provision/go-progress.ts';
import { parseVersionAnswer } from '../../../../src/runtimes/native/provision/version.ts';
import { parseVersion } from '../../../../src/stack/version.ts';
import { FakeMachine } from './fake-tools.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await FakeMachine.make();
});
afterEach(() => machine.remove());

function open(env: Record<string, string | undefined> = {}) {
  const context = machine.context();
  const merged = { ...context, env: { ...context.env, ...env } };
  return openToolchain(join(machine.root, 'wrapper'), join(machine.root, 'tmp'), merged);
}

describe('the toolchain', () => {
  it('keeps to the caches and settings of the user', async () => {
    await machine.go('1.22.1');
    const { env } = await open({ GOPROXY: 'https://proxy.example', GOOS: 'plan9' });
    expect(env).toMatchObject({
      HOME: join(machine.root, 'home'),
      GOPROXY: 'https://proxy.example',
      CGO_ENABLED: '0',
      GOWORK: 'off',
      GOOS: undefined,
      GOCACHE: undefined,
      GOPATH: undefined,
    });
  });

  it.each([undefined, '/nonexistent'])('keeps its caches itself where HOME is %s', async (home) => {
    await machine.go('1.22.1');
    const { env } = await open({ HOME: home });
    expect(env).toMatchObject({
      HOME: join(machine.cacheDir, 'go'),
      GOCACHE: join(machine.cacheDir, 'go/build'),
      GOPATH: join(machine.cacheDir, 'go/path'),
      GOFLAGS: '-modcacherw',
    });
  });

  it('may fetch a newer go where that is allowed, and says so', async () => {
    await machine.go('1.21.0');
    await open({ GOTOOLCHAIN: 'auto' });
    expect(machine.texts()).toEqual(['go 1.21.0 will first fetch go 1.22.1']);
  });

  it.each(['1.19.8', '1.21.0'])('is refused when go is %s and may not', async (version) => {
    await machine.go(version);
    await expect(open({ GOTOOLCHAIN: 'local' })).rejects.toThrow(
      `go ${version} is too old, the build needs 1.22.1`,
    );
  });
});

describe('the reason of a failed build', () => {
  const reason = (stderr: string) =>
    pickReason({ exitCode: 1, signal: null, stdout: '', stderr, timedOut: false });

  it.each([
    [
      'go: downloading example.org/a v1.0.0\ngo: example.org/a@v1.0.0: Get "https://proxy.example/a": dial tcp: lookup proxy.example on 127.0.0.53:53: no such host\n',
      'the module server cannot be reached: lookup proxy.example on 127.0.0.53:53: no such host',
    ],
    [
      'go: x: Get "https://p": dial tcp 192.0.2.1:443: connect: connection refused\n',
      'the module server cannot be reached: dial tcp 192.0.2.1:443: connect: connection refused',
    ],
    ['internal/abi\nwrite /x: no space left on device\n', 'no space left on the device'],
    ['net/http\ngo build x: signal: killed\n', 'the compiler was killed, most likely for lack of memory'],
    ['internal/abi\n# example.org/x\nx.go:3:1: undefined: y\n', 'x.go:3:1: undefined: y'],
    ['', 'it ended with exit code 1'],
  ])('%#', (stderr, expected) => {
    expect(reason(stderr)).toBe(expected);
  });
});

it('counts packages, at most every 5 s, and says when it links', () => {
  let now = 0;
  const clock = { now: () => new Date(0), monotonic: () => now, sleep: async () => undefined };
  const texts: string[] = [];
  const build = { wrapper: '', package: 'example.org/x/cmd/x', version: '1.0.0', expectedSeconds: 193 };
  const onLine = reportBuild(
    { name: 'x 1.0.0', build, packages: 4 },
    { clock, onProgress: (event) => void ('text' in event && texts.push(event.text)) },
  );
  for (const line of ['internal/abi', '# warning: noise', 'runtime', 'net/http', 'example.org/x/cmd/x']) {
    onLine(line);
    now += 3_000;
  }
  expect(texts).toEqual([
    'x 1.0.0: compiling 4 packages, takes about 3m13s the first time',
    'x 1.0.0: 2 of 4 packages, 6.0 s; takes about 3m13s the first time',
    'x 1.0.0: linking, after 12.0 s',
  ]);
});

it.each([
  ['prometheus, version 2.42.0+ds (branch: debian/sid)', 'prometheus', '2.42.0'],
  ['prometheus, version  (branch: , revision: unknown)', 'prometheus', undefined],
  ['thanos, version v0.42.4 (branch: x)', 'thanos', '0.42.4'],
  ['something else 1.2.3', undefined, undefined],
])('reads %s', (text, name, version) => {
  expect(parseVersionAnswer(text)).toEqual({
    name,
    version: version === undefined ? undefined : parseVersion(version),
  });
});

describe('the pinned versions', () => {
  const specs = [prometheusProgram, promtoolProgram, alertmanagerProgram, amtoolProgram, pushgatewayProgram];

  it.each(specs)('of $name is what its wrapper module requires', async ({ go }) => {
    const text = await readFile(join(go?.wrapper ?? '', 'go.mod'), 'utf8');
    const module = /^[^/]+\/[^/]+\/[^/]+/.exec(go?.package ?? '')?.[0] ?? '';
    const required = new RegExp(`^\\s*${module} (v\\S+)`, 'm').exec(text)?.[1] ?? '';
    const version = go?.programVersion ? go.programVersion(required) : required.slice(1);
    expect(version).toBe(go?.version);
  });

  it.each([
    ['v0.316.0', '3.16.0'],
    ['v0.300.1', '3.0.1'],
    ['v0.55.1', '2.55.1'],
    ['(devel)', undefined],
  ])('Prometheus module %s is program %s', (moduleVersion, version) => {
    expect(prometheusProgram.go?.programVersion?.(moduleVersion)).toBe(version);
  });
});
