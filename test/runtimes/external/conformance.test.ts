import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../src/platform/clock.ts';
import { openExternalRuntime } from '../../../src/runtimes/external/index.ts';
import { startTwin, twinPlace } from '../../../src/runtimes/native/twin.ts';
import { runtimeConformance } from '../conformance.ts';
import { makeStack } from '../native/harness.ts';

// What starts, changes and stops a stack does not apply: runtime.test.ts shows that it is refused.
runtimeConformance(
  'external',
  async () => {
    const stack = await makeStack();
    const twinDirectory = join(dirname(stack.layout.stateDir), 'twin');
    await mkdir(twinDirectory);
    return {
      runtime: await openExternalRuntime({
        stack: { name: 'theirs', components: [] },
        twins: { twinPlace, startTwin: (request) => startTwin(request, systemClock) },
      }),
      twinDirectory,
      goodPlan: (component) => stack.plan(component),
      badPlan: (component) => stack.plan(component, ['--exit-code', '3']),
      running: async () => (await stack.programs()).length,
      [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
    };
  },
  { onlyTwins: true },
);
