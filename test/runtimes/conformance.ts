import { readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/stack/plan.ts';
import type { ApplyRequest, Runtime } from '../../src/stack/runtime.ts';
import { Secret } from '../../src/stack/secret.ts';

/** What a runtime brings along to be judged. */
export interface RuntimeUnderTest extends AsyncDisposable {
  readonly runtime: Runtime;
  /** An empty directory for a twin. */
  readonly twinDirectory: string;
  /** A plan that becomes ready, and one that ends with the log line `complaint 12` before it is. */
  goodPlan(component: string): Promise<Plan>;
  badPlan(component: string): Promise<Plan>;
  /** Processes or containers of the stack that run now. */
  running(): Promise<number>;
}

/**
 * The promises of `Runtime`, the same for every member of the family. `onlyTwins`: for one that runs nothing but a
 * drill's twins.
 */
export function runtimeConformance(
  name: string,
  make: () => Promise<RuntimeUnderTest>,
  options: { readonly onlyTwins?: boolean } = {},
): void {
  describe(`runtime ${name}`, () => {
    let under: RuntimeUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(() => under[Symbol.asyncDispose]());
    describe.skipIf(options.onlyTwins === true)('of nothing', () => {
      ofNothing(() => under);
    });
    describe.skipIf(options.onlyTwins === true)('of a stack', () => {
      ofStack(() => under);
    });
    describe('of a twin', () => {
      ofTwin(() => under);
    });
  });
}

const silent = () => undefined;

function request(plans: readonly Plan[], filesHash = 'files-1'): ApplyRequest {
  return {
    stack: 'conformance',
    applications: plans.map((plan) => ({ plan, filesHash })),
    inbox: { enabled: false, port: 0 },
  };
}

function ofNothing(under: () => RuntimeUnderTest): void {
  it('has an empty status, empty logs, no inbox and nothing to stop', async () => {
    const { runtime } = under();
    expect(await runtime.status()).toEqual([]);
    expect(await runtime.inboxStatus()).toBeUndefined();
    expect(await runtime.logTail('alpha', 10)).toEqual([]);
    expect(await runtime.stop()).toEqual([]);
    expect(await runtime.supervision()).toEqual({ supervised: false, reason: expect.any(String) });
  });

  it('keeps the places of components apart', () => {
    const { runtime } = under();
    const [a, b] = [runtime.place('alpha'), runtime.place('beta')];
    expect(new Set([a.config, a.data, a.secret('x'), b.config, b.data, b.secret('x')]).size).toBe(6);
    expect(a.address('beta', 9093)).toMatch(/:9093$/);
    expect(runtime.url('alpha', 9090)).toMatch(/^http:\/\/.*:9090$/);
  });
}

function ofStack(under: () => RuntimeUnderTest): void {
  it('previews, applies until ready, changes nothing that is right, and stops', async () => {
    const { runtime, goodPlan, running } = under();
    const plans = [await goodPlan('alpha'), await goodPlan('beta')];
    expect(await runtime.preview(request(plans))).toEqual({ alpha: 'start', beta: 'start' });
    expect(await running()).toBe(0);
    expect(await runtime.apply(request(plans), silent)).toEqual({ alpha: 'start', beta: 'start' });
    for (const plan of plans) {
      const answer = await fetch(`${runtime.url(plan.component, plan.ready.port)}${plan.ready.path}`);
      expect(answer.status).toBe(200);
    }
    expect(await runtime.status()).toMatchObject([
      { component: 'alpha', state: 'ready', restarts: 0 },
      { component: 'beta', state: 'ready', restarts: 0 },
    ]);
    expect(await runtime.supervision()).toMatchObject({ supervised: true });
    await runtime.assertStartable(request(plans));
    expect(await runtime.preview(request(plans))).toEqual({ alpha: 'none', beta: 'none' });
    expect(await runtime.apply(request(plans), silent)).toEqual({ alpha: 'none', beta: 'none' });
    expect(await runtime.stop()).toEqual(['alpha', 'beta']);
    expect(await running()).toBe(0);
    expect((await stat(runtime.dataDir('alpha'))).isDirectory()).toBe(true);
    expect(await runtime.stop()).toEqual([]);
  });

  it('refuses a port that somebody else holds, by name, before anything is touched', async () => {
    const { runtime, goodPlan, running } = under();
    const plan = await goodPlan('alpha');
    const holder = createServer().listen(plan.ready.port, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    for (const ask of [
      () => runtime.assertStartable(request([plan])),
      () => runtime.apply(request([plan]), silent),
    ]) {
      await expect(ask()).rejects.toMatchObject({
        code: 'LS-RUNTIME-001',
        details: { what: expect.stringContaining(`(pid ${process.pid})`) },
      });
    }
    expect(await running()).toBe(0);
    await new Promise((resolve) => holder.close(resolve));
  });

  it('does what the preview says when files, arguments or components change', async () => {
    const { runtime, goodPlan } = under();
    const [alpha, beta] = [await goodPlan('alpha'), await goodPlan('beta')];
    await runtime.apply(request([alpha, beta]), silent);
    for (const [change, actions] of [
      [request([alpha, beta], 'files-2'), { alpha: 'reload', beta: 'reload' }],
      [request([{ ...alpha, env: { TZ: 'UTC' } }, beta], 'files-2'), { alpha: 'restart', beta: 'none' }],
      [request([{ ...alpha, env: { TZ: 'UTC' } }], 'files-2'), { alpha: 'none', beta: 'stop' }],
    ] as const) {
      expect(await runtime.preview(change)).toEqual(actions);
      expect(await runtime.apply(change, silent)).toEqual(actions);
    }
    expect((await runtime.status()).map(({ component }) => component)).toEqual(['alpha']);
  });

  it('rejects with the last log lines, and keeps what did become ready', async () => {
    const { runtime, goodPlan, badPlan } = under();
    const steps: string[] = [];
    const plans = [await goodPlan('alpha'), await badPlan('beta')];
    await expect(runtime.apply(request(plans), (text) => steps.push(text))).rejects.toMatchObject({
      code: expect.stringMatching(/^LS-RUNTIME-/),
      details: { detail: expect.arrayContaining(['complaint 12']) },
    });
    expect(steps.some((step) => step.startsWith('beta: start failed'))).toBe(true);
    // Between two tries it may be starting once more.
    await expect
      .poll(() => runtime.status(), { timeout: 10_000 })
      .toMatchObject([{ state: 'ready' }, { state: 'failing' }]);
    expect(await runtime.logTail('beta', 1)).toEqual(['complaint 12']);
    const asked = { components: ['beta', 'nobody'], lines: 2, follow: false };
    const lines: string[] = [];
    for await (const { component, text } of runtime.logs(asked)) lines.push(`${component}: ${text}`);
    expect(lines).toEqual(['beta: complaint 11', 'beta: complaint 12']);
  });
}

function ofTwin(under: () => RuntimeUnderTest): void {
  it('runs beside the stack from the files and secrets it was given, and stops twice', async () => {
    const { runtime, goodPlan, twinDirectory, running } = under();
    const place = runtime.twinPlace(twinDirectory);
    const plan: Plan = {
      ...(await goodPlan('alpha')),
      files: [
        { path: 'sub/a.yml', content: 'a: 1\n' },
        { path: 'b', content: 'b', mode: 0o600 },
      ],
      secrets: [{ name: 'token', value: new Secret('hunter2', 'secret TOKEN') }],
    };
    const twin = await runtime.startTwin({ plan, directory: twinDirectory });
    expect((await fetch(`${twin.url}${plan.ready.path}`)).status).toBe(200);
    expect(await readFile(`${place.config}/sub/a.yml`, 'utf8')).toBe('a: 1\n');
    expect((await stat(`${place.config}/b`)).mode & 0o777).toBe(0o600);
    expect(await readFile(place.secret('token'), 'utf8')).toBe('hunter2');
    expect((await stat(place.secret('token'))).mode & 0o777).toBe(0o400);
    expect(await running()).toBe(0);
    expect(await runtime.status()).toEqual([]);
    expect(await twin.ended()).toBeUndefined();
    await twin.stop();
    await twin.stop();
    await expect(fetch(twin.url)).rejects.toThrow();
    // The same place again, as for the negative control.
    await (await runtime.startTwin({ plan, directory: twinDirectory })).stop();
  });

  it('rejects with the last log lines when it does not start', async () => {
    const { runtime, badPlan, twinDirectory } = under();
    const plan = await badPlan('alpha');
    await expect(runtime.startTwin({ plan, directory: twinDirectory })).rejects.toMatchObject({
      code: 'LS-RUNTIME-002',
      details: { detail: expect.arrayContaining(['complaint 12']) },
    });
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const { runtime, goodPlan, twinDirectory } = under();
    const plan = await goodPlan('alpha');
    const never: Plan = { ...plan, ready: { ...plan.ready, path: '/never' } };
    const cancelling = new AbortController();
    const starting = runtime.startTwin({ plan: never, directory: twinDirectory, signal: cancelling.signal });
    setTimeout(() => cancelling.abort(), 300);
    await expect(starting).rejects.toThrow('abort');
    await expect(fetch(`http://127.0.0.1:${plan.ready.port}/`)).rejects.toThrow();
    await rm(twinDirectory, { recursive: true });
  });
}
