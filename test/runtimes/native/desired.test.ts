import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decideAction } from '../../../src/runtimes/native/actions.ts';
import {
  type DesiredComponent,
  desiredState,
  launchHash,
  portsOf,
  readDesired,
  writeDesired,
} from '../../../src/runtimes/native/desired.ts';
import { makeLayout, type NativeLayout, nativeLayout } from '../../../src/runtimes/native/layout.ts';
import { backoff, DEFAULT_TIMES } from '../../../src/runtimes/native/supervision.ts';

const wanted: DesiredComponent = {
  component: 'prometheus',
  programPath: '/opt/prometheus',
  programVersion: '3.16.0',
  args: ['--a', '--b'],
  env: { TZ: 'UTC' },
  dataDir: '/data',
  ready: { url: 'http://127.0.0.1:9090/-/ready' },
  reloadUrl: 'http://127.0.0.1:9090/-/reload',
  filesHash: 'one',
};
const living = {
  pid: 1,
  startTime: '1',
  bootId: 'b',
  scope: 's',
  launchHash: launchHash(wanted),
  filesHash: 'one',
  startedAt: '2026-01-01T00:00:00.000Z',
  logOffset: 0,
  restarts: 0,
};

let layout: NativeLayout;
beforeEach(async () => {
  layout = nativeLayout(await mkdtemp(join(tmpdir(), 'leitstand-desired-')));
  await makeLayout(layout);
});
afterEach(() => rm(layout.stateDir, { recursive: true }));

describe('decideAction', () => {
  it.each([
    ['none', living, wanted],
    ['start', undefined, wanted],
    ['stop', living, undefined],
    ['none', undefined, undefined],
    ['reload', living, { ...wanted, filesHash: 'two' }],
    ['restart', living, { ...wanted, filesHash: 'two', reloadUrl: undefined }],
    ['restart', living, { ...wanted, args: ['--b', '--a'] }],
    ['restart', living, { ...wanted, env: {} }],
    ['restart', living, { ...wanted, memoryLimit: 1 }],
    ['restart', living, { ...wanted, programVersion: '3.16.1' }],
    ['restart', living, { ...wanted, args: [], filesHash: 'two' }],
    ['restart', { ...living, launchHash: '' }, wanted],
  ] as const)('%s', (action, record, component) => {
    expect(decideAction(record, component)).toBe(action);
  });
});

describe('the desired state on disk', () => {
  it('comes back as it was written', async () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
    // No program is given a variable of this name, and JSON schemas leave it out.
    const variable = fc.string().filter((text) => text !== '__proto__');
    const component = fc.record(
      {
        component: name,
        programPath: fc.string().map((text) => `/${text}`),
        programVersion: fc.string(),
        args: fc.array(fc.string({ unit: 'grapheme' })),
        env: fc.dictionary(variable, fc.string(), { noNullPrototype: true }),
        secretEnv: fc.dictionary(
          variable,
          fc.string().map((text) => `/${text}`),
          { noNullPrototype: true },
        ),
        secretsHash: fc.string(),
        dataDir: fc.string().map((text) => `/${text}`),
        memoryLimit: fc.integer({ min: 1 }),
        ready: fc.record({ url: fc.webUrl() }),
        reloadUrl: fc.webUrl(),
        ports: fc.array(fc.integer({ min: 1, max: 65_535 })),
        filesHash: fc.string(),
      },
      {
        requiredKeys: [
          'component',
          'programPath',
          'programVersion',
          'args',
          'env',
          'dataDir',
          'ready',
          'filesHash',
        ],
      },
    );
    const daemon = fc.record(
      {
        port: fc.integer({ min: 1, max: 65_535 }),
        environment: fc.string(),
        expected: fc.array(fc.record({ kind: fc.string(), subject: fc.string() })),
        integrations: fc.array(fc.record({ receiver: fc.string(), type: fc.string(), index: fc.nat() })),
        jobs: fc.array(
          fc.record({
            name,
            schedule: fc.string(),
            location: fc.string(),
            command: fc.array(fc.string()),
            timeoutMs: fc.integer({ min: 1 }),
          }),
        ),
        seenPage: fc.record({ language: fc.constantFrom('de' as const, 'en' as const) }),
      },
      { requiredKeys: ['port', 'environment', 'expected'] },
    );
    const state = fc.record(
      {
        stack: fc.string(),
        components: fc.uniqueArray(component, { selector: (one) => one.component, maxLength: 4 }),
        inbox: fc.record({ enabled: fc.boolean(), port: fc.integer({ min: 0, max: 65_535 }) }),
        daemon,
      },
      { requiredKeys: ['stack', 'components', 'inbox'] },
    );
    await fc.assert(
      fc.asyncProperty(state, async (value) => {
        await writeDesired(layout, value);
        expect(await readDesired(layout)).toEqual(value);
      }),
      { numRuns: 30 },
    );
  });

  it('is undefined before the first apply, and a damaged file is not taken for nothing', async () => {
    expect(await readDesired(layout)).toBeUndefined();
    await mkdir(layout.processes, { recursive: true });
    await writeFile(layout.desired, '{"stack": "x"');
    await expect(readDesired(layout)).rejects.toMatchObject({ code: 'LS-RUNTIME-008', exit: 2 });
  });

  it.each(['../evil', 'a/b', '', '-x', 'A'])('refuses the component name %j', (component) => {
    const state = { stack: 's', components: [{ ...wanted, component }], inbox: { enabled: false, port: 0 } };
    expect(desiredState.safeParse(state).success).toBe(false);
  });

  it('refuses a component that is named twice', () => {
    const state = { stack: 's', components: [wanted, wanted], inbox: { enabled: false, port: 0 } };
    expect(desiredState.safeParse(state).success).toBe(false);
  });
});

it('knows every port once', () => {
  expect(portsOf({ ...wanted, ports: [9090, 9094] })).toEqual([9090, 9094]);
  expect(portsOf({ ...wanted, ready: { url: 'http://127.0.0.1/ready' } })).toEqual([80]);
});

it('waits 1, 2, 4 … at most 60 s', () => {
  expect([1, 2, 3, 7, 1000].map((crashes) => backoff(crashes, DEFAULT_TIMES))).toEqual([
    1_000, 2_000, 4_000, 60_000, 60_000,
  ]);
});
