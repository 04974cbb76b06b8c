import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  activateGeneration,
  currentGeneration,
  generationsRoot,
  nameGeneration,
  pruneGenerations,
  stageGeneration,
} from '../../src/deployment/generation.ts';
import { pruneSecretFiles, writeSecretFiles } from '../../src/deployment/secret-files.ts';
import type { Place, Plan, RenderedFile, SecretFile } from '../../src/stack/plan.ts';
import { Secret } from '../../src/stack/secret.ts';

let directory: string;
let link: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-generation-'));
  await mkdir(join(directory, 'rendered'));
  link = join(directory, 'rendered', 'prog');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function plan(files: readonly RenderedFile[], secrets: readonly SecretFile[] = [], component = 'prog'): Plan {
  return {
    component,
    program: {
      name: 'prog',
      path: '/bin/true',
      version: { major: 1, minor: 0, patch: 0 },
      origin: 'configured',
    },
    args: [],
    env: {},
    files,
    secrets,
    ports: [],
    ready: { port: 1, path: '/' },
    validators: [],
  };
}

async function stage(wanted: Plan) {
  const root = generationsRoot(link);
  return stageGeneration(wanted, root, await nameGeneration(wanted, root));
}

const FILES = [
  { path: 'a.yml', content: 'a: 1\n' },
  { path: 'rules/b.yml', content: 'b\n', mode: 0o600 },
];

describe('generations', () => {
  it('hold the files with their modes, and are switched by one link', async () => {
    const first = await stage(plan(FILES));
    expect(await currentGeneration(link)).toBeUndefined();
    await activateGeneration(first, link);
    expect(await readFile(join(link, 'a.yml'), 'utf8')).toBe('a: 1\n');
    expect((await stat(join(link, 'rules/b.yml'))).mode & 0o777).toBe(0o600);
    const second = await stage(plan([{ path: 'a.yml', content: 'a: 2\n' }]));
    expect(await readFile(join(link, 'a.yml'), 'utf8')).toBe('a: 1\n');
    await activateGeneration(second, link);
    expect(await readdir(link)).toEqual(['a.yml']);
    expect(await currentGeneration(link)).toBe(second.name);
  });

  it('are the same for the same files, whatever their order', async () => {
    expect((await stage(plan(FILES))).name).toBe((await stage(plan([...FILES].reverse()))).name);
  });

  it.each([
    ['content', () => writeFile(join(link, 'a.yml'), 'edited')],
    ['a missing file', () => rm(join(link, 'rules/b.yml'))],
  ])('edited by hand (%s) is not taken for what it was', async (_what, edit) => {
    const before = await stage(plan(FILES));
    await activateGeneration(before, link);
    await edit();
    const after = await stage(plan(FILES));
    expect(after.name).toBe(`${before.name}-2`);
    await activateGeneration(after, link);
    expect(await readFile(join(link, 'a.yml'), 'utf8')).toBe('a: 1\n');
    expect((await stage(plan(FILES))).name).toBe(after.name);
  });

  it('two at once with the same files meet in one', async () => {
    const both = await Promise.all([stage(plan(FILES)), stage(plan(FILES)), stage(plan(FILES))]);
    expect(new Set(both.map(({ name }) => name)).size).toBe(1);
    expect(await readdir(generationsRoot(link))).toEqual([both[0]?.name]);
  });

  it('leave nothing half done when they cannot be written', async () => {
    const impossible = plan([
      { path: 'a', content: '' },
      { path: 'a/b', content: '' },
    ]);
    await expect(stage(impossible)).rejects.toThrow();
    expect(await readdir(generationsRoot(link))).toEqual([]);
  });

  it('pruning keeps what is in use and takes the rest, half-done work and links of others included', async () => {
    await stage(plan([{ path: 'old', content: '' }]));
    const inUse = await stage(plan(FILES));
    await activateGeneration(inUse, link);
    await mkdir(join(directory, 'rendered', 'gone'));
    await mkdir(join(generationsRoot(link), 'x.unfinished-abc'));
    await pruneGenerations(join(directory, 'rendered'), [inUse]);
    expect((await readdir(join(directory, 'rendered'))).sort()).toEqual(['.generations', 'prog']);
    expect(await readdir(generationsRoot(link))).toEqual([inUse.name]);
  });
});

describe('secret files', () => {
  const runtime = {
    place: (component: string) =>
      ({ secret: (name: string) => join(directory, 'secrets', component, name) }) as Place,
  };
  const secret = (name: string, value: string): SecretFile => ({
    name,
    value: new Secret(value, 'secret X'),
  });

  it('are 0400 in a private folder, replaced when they change, removed when they are gone', async () => {
    await writeSecretFiles(plan([], [secret('one', 'a'), secret('two', 'b')]), runtime);
    const folder = join(directory, 'secrets', 'prog');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'one'))).mode & 0o777).toBe(0o400);
    await writeSecretFiles(plan([], [secret('one', 'changed')]), runtime);
    expect(await readFile(join(folder, 'one'), 'utf8')).toBe('changed');
    expect(await readdir(folder)).toEqual(['one']);
  });

  it('of a component that is gone are gone', async () => {
    await writeSecretFiles(plan([], [secret('one', 'a')], 'former'), runtime);
    await writeSecretFiles(plan([], [secret('one', 'a')]), runtime);
    await pruneSecretFiles([plan([])], runtime);
    expect(await readdir(join(directory, 'secrets'))).toEqual(['prog']);
  });
});
