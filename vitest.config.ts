import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/fixtures/**'];
/** No test changes what is global (environment, clock, modules): a worker loads the sources once, not for each file. */
const isolate = false;

export default defineConfig({
  test: {
    // Most of their time is waiting for programs that they started: two for each core keep two cores busy.
    maxWorkers: 4,
    projects: [
      {
        test: {
          name: 'unit',
          isolate,
          include: ['test/**/*.test.ts'],
          exclude: [...exclude, 'test/integration/**', 'test/e2e/**'],
          pool: 'threads',
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          isolate,
          include: ['test/integration/**/*.test.ts'],
          exclude,
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          isolate,
          include: ['test/e2e/**/*.test.ts'],
          exclude,
          pool: 'forks',
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
