import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { httpExchange } from '../../../src/platform/http.ts';
import { decideAction } from '../../../src/runtimes/native/actions.ts';
import { type DesiredComponent, launchHash } from '../../../src/runtimes/native/desired.ts';
import { desiredOf } from '../../../src/runtimes/native/preview.ts';
import { startTwin } from '../../../src/runtimes/native/twin.ts';
import type { Plan } from '../../../src/stack/plan.ts';
import { Secret } from '../../../src/stack/secret.ts';
import { makeStack, portOf, type TestStack } from './harness.ts';

const SECRET = 'SECRET7f3a';

let stack: TestStack;
beforeEach(async () => {
  stack = await makeStack();
});
afterEach(() => stack[Symbol.asyncDispose]());

async function planWith(value: string): Promise<Plan> {
  return {
    ...(await stack.plan('alpha')),
    secrets: [{ name: 'key', value: new Secret(value, 'secret KEY') }],
    secretEnv: { ROOT_KEY: 'key' },
  };
}

function desiredBy(plan: Plan): DesiredComponent {
  const application = { plan, filesHash: 'files-1' };
  const inbox = { enabled: false, port: 0 };
  const [wanted] = desiredOf(stack.layout, { stack: 'test', applications: [application], inbox }).components;
  if (!wanted) throw new Error('nothing wanted');
  return wanted;
}

async function writeSecret(value: string): Promise<string> {
  const file = stack.layout.secret('alpha', 'key');
  await mkdir(dirname(file), { recursive: true });
  await rm(file, { force: true });
  await writeFile(file, value, { mode: 0o400 });
  return file;
}

async function environmentOf(url: string): Promise<Record<string, string>> {
  return JSON.parse((await httpExchange(new URL('/env', url))).body) as Record<string, string>;
}

it('hands the content of the file to the program, and to nothing else', async () => {
  await writeSecret(SECRET);
  const wanted = desiredBy(await planWith(SECRET));
  const daemon = await stack.ensure();
  await daemon.apply(stack.desired([wanted]), () => undefined);
  expect((await environmentOf(`http://127.0.0.1:${portOf(wanted)}`))['ROOT_KEY']).toBe(SECRET);
  for (const file of [
    stack.layout.desired,
    stack.layout.process('alpha'),
    stack.layout.daemonLog,
    stack.layout.log('alpha'),
  ]) {
    expect(await readFile(file, 'utf8')).not.toContain(SECRET);
  }
});

it('restarts for another secret, and for nothing less', async () => {
  const plan = await planWith(SECRET);
  const living = {
    pid: 1,
    startTime: '1',
    bootId: 'b',
    scope: 's',
    launchHash: launchHash(desiredBy(plan)),
    filesHash: 'files-1',
    startedAt: '2026-01-01T00:00:00.000Z',
    logOffset: 0,
    restarts: 0,
  };
  const other = [{ name: 'key', value: new Secret('another', 'secret KEY') }];
  expect(decideAction(living, desiredBy({ ...plan, secrets: [...plan.secrets] }))).toBe('none');
  expect(decideAction(living, desiredBy({ ...plan, secrets: other }))).toBe('restart');
  expect(decideAction(living, desiredBy({ ...plan, secretEnv: { OTHER: 'key' } }))).toBe('restart');
  // A secret that is no variable is read at every use.
  const { secretEnv: _, ...files } = plan;
  expect(launchHash(desiredBy(files))).toBe(launchHash(desiredBy({ ...files, secrets: other })));
});

it('says which secret it cannot have, and never what it is', async () => {
  const wanted = desiredBy(await planWith(SECRET));
  const daemon = await stack.ensure();
  const file = stack.layout.secret('alpha', 'key');
  await expect(daemon.apply(stack.desired([wanted]), () => undefined)).rejects.toMatchObject({
    code: 'LS-RUNTIME-014',
    details: { why: 'ENOENT', where: { file } },
  });
  await writeSecret(`${SECRET}\0`);
  const refusal: unknown = await daemon
    .apply(stack.desired([wanted]), () => undefined)
    .catch((error) => error);
  expect(refusal).toMatchObject({ code: 'LS-RUNTIME-014' });
  expect(JSON.stringify(refusal)).not.toContain(SECRET);
  await daemon.apply(stack.desired([]), () => undefined);
});

it('refuses a variable whose secret the plan does not have', async () => {
  const plan = { ...(await planWith(SECRET)), secrets: [] };
  expect(() => desiredBy(plan)).toThrow(/not among its secrets/);
});

it('a twin has them too', async () => {
  const plan = await planWith(SECRET);
  const directory = join(dirname(stack.layout.stateDir), 'twin');
  await mkdir(directory);
  const twin = await startTwin({ plan, directory }, systemClock);
  try {
    expect((await environmentOf(twin.url))['ROOT_KEY']).toBe(SECRET);
  } finally {
    await twin.stop();
  }
});
