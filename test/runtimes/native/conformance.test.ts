import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../src/platform/clock.ts';
import { createNativeRuntime } from '../../../src/runtimes/native/index.ts';
import { runtimeConformance } from '../conformance.ts';
import { makeStack } from './harness.ts';

runtimeConformance('native', async () => {
  const stack = await makeStack();
  const twinDirectory = join(dirname(stack.layout.stateDir), 'twin');
  await mkdir(twinDirectory);
  const { env, daemonCommand } = stack;
  return {
    runtime: createNativeRuntime({ stateDir: stack.layout.stateDir, env, clock: systemClock, daemonCommand }),
    twinDirectory,
    goodPlan: (component) => stack.plan(component),
    badPlan: (component) => stack.plan(component, ['--exit-code', '3']),
    running: async () => (await stack.programs()).length,
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
});
