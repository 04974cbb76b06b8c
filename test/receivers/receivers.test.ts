import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { receiverPlugins } from '../../src/receivers/registry.ts';

it.each(receiverPlugins.map(({ type }) => type))('%s has its tests, and a readme', (type) => {
  const readme = new URL(`../../src/receivers/${type}/readme.md`, import.meta.url);
  expect(existsSync(new URL(`${type}/plug-in.test.ts`, import.meta.url))).toBe(true);
  expect(existsSync(readme)).toBe(true);
});

it('every sandbox has mounts of its own', () => {
  const mounts = receiverPlugins.flatMap(({ sandbox }) =>
    sandbox?.protocol === 'http' ? sandbox.mounts : [],
  );
  expect(new Set(mounts).size).toBe(mounts.length);
});
