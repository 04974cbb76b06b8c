import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generations } from '../integration/programs.ts';
import { makeStack, type StackUnderTest } from './stack-under-test.ts';

const OVERLAYS = `environments:
  staging:
    components: {prometheus: {retention: 30d}}
  production:
    components: {prometheus: {retention: 90d, memory: 1GiB}}
    rules: {alerts: {TargetDown: {for: 5m}}}
`;

describe.runIf(generations.length > 0)('from a laptop to production', { timeout: 120_000 }, () => {
  let stack: StackUnderTest;

  beforeAll(async () => {
    stack = await makeStack(generations.includes('debian') ? 'debian' : 'current');
    await stack.configure({ extra: OVERLAYS });
  });
  afterAll(() => stack.destroy());

  it('a plan shows each step line by line, and up takes it', async () => {
    expect(await stack.run('up')).toMatchObject({ exit: 0 });
    const nothing = await stack.run('plan', '--detailed-exitcode');
    expect(nothing).toMatchObject({ exit: 0 });
    expect(nothing.stdout).toContain('Nothing to change.');

    const staging = await stack.run('plan', '--env', 'staging', '--detailed-exitcode');
    expect(staging.exit).toBe(1);
    expect(staging.stdout).toContain('under-test was started as local; this is staging.');
    expect(staging.stdout).toContain('  - --storage.tsdb.retention.time=15d');
    expect(staging.stdout).toContain('  + --storage.tsdb.retention.time=30d');
    expect(staging.stdout).toContain('Apply with: leitstand up --env staging');
    expect(await stack.run('up', '--env', 'staging')).toMatchObject({ exit: 0 });

    const production = await stack.run('plan', '--env', 'production');
    expect(production.stdout).toMatch(/\+ memory limit 1073741824 bytes/);
    expect(production.stdout).toMatch(/prometheus: rules\/targets\.rules\.yml \(changed\)/);
    expect(production.stdout).toMatch(/-\s+for: 10m\n\s+\+\s+for: 5m/);
    expect(await stack.run('up', '-e', 'production')).toMatchObject({ exit: 0 });
    const status = await stack.run('status', '--env', 'production');
    expect(status.stdout).toContain('under-test (production)');
  });

  it('a forgotten --env changes nothing', async () => {
    const up = await stack.run('up');
    expect(up.exit).toBe(2);
    expect(up.stderr).toContain('LS-DEPLOY-006');
    expect(up.stderr).toContain(
      'this stack was started as production, and nothing says that it shall become local',
    );
    const test = await stack.run('alert', 'test');
    expect(test).toMatchObject({ exit: 2 });
    expect(test.stderr).toContain(
      'this stack runs as production, and local is what the file means by itself',
    );
    const status = await stack.run('status');
    expect(status.exit).toBe(1);
    expect(status.stdout).toContain('WRONG: this stack runs as production');
    const asked = await stack.run('plan', '--env', 'production', '--detailed-exitcode');
    expect(asked).toMatchObject({ exit: 0 });
  });

  it('LEITSTAND_ENV in .env spares the option', async () => {
    const file = join(stack.directory, '.env');
    const before = await readFile(file, 'utf8');
    await appendFile(file, 'LEITSTAND_ENV=production\n');
    const up = await stack.run('up');
    expect(up).toMatchObject({ exit: 0 });
    expect(up.stdout).not.toMatch(/started|restarted|reloaded/);
    await writeFile(file, before, { mode: 0o600 });
  });

  it('an environment without an overlay is refused', async () => {
    const extra = OVERLAYS.replace(/  staging:\n.*\n/, '');
    await stack.configure({ extra });
    const plan = await stack.run('plan', '--env', 'staging');
    expect(plan).toMatchObject({ exit: 2 });
    expect(plan.stderr).toContain('LS-CONFIG-021 the file says nothing about the environment staging');
    const typo = await stack.run('plan', '--env', 'prodction');
    expect(typo).toMatchObject({ exit: 2 });
    expect(typo.stderr).toContain('production');
  });
});
