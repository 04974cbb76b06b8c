import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileDifferences, launchDifferences } from '../../src/deployment/differences.ts';
import type { Plan, RenderedFile } from '../../src/stack/plan.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-differences-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function planOf(files: readonly RenderedFile[], parts: Partial<Plan> = {}): Plan {
  return {
    component: 'prometheus',
    program: {
      name: 'prometheus',
      path: '/opt/prometheus',
      version: { major: 3, minor: 16, patch: 0 },
      origin: 'go',
    },
    args: ['--a', '--b=1'],
    env: {},
    files,
    secrets: [],
    ports: [],
    ready: { port: 1, path: '/' },
    validators: [],
    ...parts,
  };
}

async function inForce(files: Readonly<Record<string, string>>, mode = 0o644): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
    await chmod(join(directory, path), mode);
  }
}

describe('the differences of files', () => {
  it('are a diff of what changes, and name what comes and goes', async () => {
    const lines = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', ''];
    await inForce({ 'x.yml': lines.join('\n'), 'rules/old.yml': 'old\n', 'same.yml': 'same\n' });
    const plan = planOf([
      { path: 'x.yml', content: lines.join('\n').replace('e\n', 'E\n') },
      { path: 'rules/new.yml', content: 'new\n' },
      { path: 'same.yml', content: 'same\n' },
    ]);
    expect(await fileDifferences(plan, directory)).toEqual([
      { path: 'rules/new.yml', kind: 'new', diff: '+new' },
      { path: 'rules/old.yml', kind: 'gone' },
      { path: 'x.yml', kind: 'changed', diff: '@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h' },
    ]);
  });

  it('show nothing of a file that only its owner may read, before or after', async () => {
    await inForce({ 'alertmanager.yml': 'url: SECRET\n' }, 0o600);
    const open = planOf([{ path: 'alertmanager.yml', content: 'url_file: x\n' }]);
    expect(await fileDifferences(open, directory)).toEqual([{ path: 'alertmanager.yml', kind: 'changed' }]);
    await inForce({ 'alertmanager.yml': 'url_file: x\n' });
    const closed = planOf([{ path: 'alertmanager.yml', content: 'url: SECRET\n', mode: 0o600 }]);
    expect(await fileDifferences(closed, directory)).toEqual([{ path: 'alertmanager.yml', kind: 'changed' }]);
  });

  it('of a first start are all new', async () => {
    const plan = planOf([{ path: 'x.yml', content: 'x: 1\n' }]);
    expect(await fileDifferences(plan, join(directory, 'not-there'))).toEqual([
      { path: 'x.yml', kind: 'new', diff: '+x: 1' },
    ]);
  });
});

describe('the differences of a process', () => {
  it('are the lines of its start that change', () => {
    const launch = { program: '/opt/prometheus', version: '3.15.0', args: ['--a', '--b=2'], env: { C: '1' } };
    expect(launchDifferences(planOf([], { memoryLimit: 1024 }), launch)).toEqual([
      '- /opt/prometheus (3.15.0)',
      '- --b=2',
      '- C=1',
      '+ /opt/prometheus (3.16.0)',
      '+ --b=1',
      '+ memory limit 1024 bytes',
    ]);
    const same = { program: '/opt/prometheus', version: '3.16.0', args: ['--a', '--b=1'], env: {} };
    expect(launchDifferences(planOf([]), same)).toEqual([]);
  });
});
