import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheDirectory } from '../../src/platform/environment.ts';
import { listByEnvironment } from '../../src/platform/process-table.ts';
import { stackScope } from '../../src/runtimes/native/layout.ts';
import { newestCached } from '../integration/program-cache.ts';
import { leitstand } from './stack-under-test.ts';

const cache = cacheDirectory(process.env, homedir());
const isCached = (await newestCached(cache, 'versitygw', 'go')) !== undefined;
const cached = await Promise.all(['debian', 'go'].map((origin) => newestCached(cache, 'prometheus', origin)));

/** The demo takes its programs from Leitstand's own cache, which `npm test` has filled. */
describe.skipIf(cached.every((entry) => entry === undefined))('the demo', () => {
  let directory: string;
  const demo = (...args: readonly string[]) =>
    leitstand(['demo', '--directory', join(directory, 'demo'), ...args], {
      cwd: directory,
      env: { LEITSTAND_CACHE_DIR: cache },
    });

  /** Also where it was not in the cache, and could be compiled. */
  let hasBuckets = false;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-demo-'));
  });
  afterAll(async () => {
    await demo('--down');
    await rm(directory, { recursive: true, force: true });
  });

  it('proves everything, says what it did not, and how to stop', async () => {
    const { exit, stdout } = await demo();
    expect(stdout).toMatch(/^PROVEN {2}in /m);
    for (const integration of [
      'on-call  slack[0]',
      'on-call  pagerduty[0]',
      'on-call  webhook[0]',
      'team     email[0]',
      'team     webhook[0]',
    ])
      expect(stdout).toMatch(new RegExp(`^${integration.replaceAll(/[[\]]/g, '\\$&')} +CONFIRMED`, 'm'));
    expect(stdout).toContain('5 of 5 were told the end as well');
    expect(stdout).toContain('NOT PROVEN\n  that Slack, PagerDuty, a mailbox or a person gets it');
    const configuration = await readFile(join(directory, 'demo', 'leitstand.yaml'), 'utf8');
    hasBuckets = configuration.includes('component: versitygw');
    if (isCached) expect(hasBuckets).toBe(true);
    const place = hasBuckets ? 'the S3 bucket backups of versitygw' : 'the directory of backups';
    expect(stdout).toContain(`every byte in ${place} is what was stored`);
    expect(stdout.includes('that backups go to S3')).toBe(!hasBuckets);
    expect(stdout).toContain('--down');
    expect(exit).toBe(0);
  });

  it('on top of the running one changes nothing that is right', async () => {
    const { exit, stdout } = await demo();
    expect(stdout.match(/ unchanged$/gm)?.length).toBeGreaterThanOrEqual(5);
    expect(stdout).not.toMatch(/ (started|restarted|reloaded)$/m);
    expect(exit).toBe(0);
  });

  it('is not green when something was not proven', async () => {
    const env = join(directory, 'demo', '.env');
    const original = await readFile(env, 'utf8');
    await writeFile(env, original.replace('/slack/services/', '/slack/nowhere/'));
    const { exit, stdout } = await demo();
    expect(stdout).toContain('NOT ALL PROVEN: see leitstand alert test, leitstand status above');
    const [, notProven] = stdout.split('\nNOT PROVEN\n');
    expect(notProven).toContain('an alert walks through the real Alertmanager');
    expect(exit).toBe(1);
    await writeFile(env, original);
  });

  it.skipIf(!hasBuckets)(
    'has its backups in its own S3 store, whose keys are in files of its user',
    async () => {
      const place = join(directory, 'demo');
      const env = await readFile(join(place, '.env'), 'utf8');
      const [, secretKey = ''] = /^S3_SECRET_KEY=([0-9a-f]{40})$/m.exec(env) ?? [];
      expect(secretKey).not.toBe('');
      const secrets = join(place, '.leitstand', 'secrets', 'versitygw');
      for (const file of [join(place, '.env'), join(secrets, 'secret-key')])
        expect((await stat(file)).mode & 0o077).toBe(0);
      expect(await readFile(join(place, 'leitstand.yaml'), 'utf8')).not.toContain(secretKey);
      const bucket = join(place, '.leitstand', 'data', 'versitygw', 'backups');
      expect(await readdir(bucket)).toEqual(expect.arrayContaining(['lsb1.json', 'packs', 'snapshots']));
      await expect(stat(join(place, '.leitstand', 'repository'))).rejects.toMatchObject({ code: 'ENOENT' });
      for (const { pid } of await listByEnvironment('LEITSTAND_COMPONENT'))
        expect(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).not.toContain(secretKey);
    },
  );

  it('stopped, leaves nothing running', async () => {
    const scope = await stackScope(join(directory, 'demo', '.leitstand'));
    const running = async () =>
      (await Promise.all(['LEITSTAND_COMPONENT', 'LEITSTAND_DAEMON'].map((name) => listByEnvironment(name))))
        .flat()
        .filter(({ value }) => value.startsWith(scope)).length;
    expect(await running()).toBeGreaterThan(3);
    expect((await demo('--down')).exit).toBe(0);
    expect(await running()).toBe(0);
    if (!hasBuckets) return;
    const file = join(directory, 'demo', 'leitstand.yaml');
    const { exit, stderr } = await leitstand(['backup', 'list', '--file', file], { cwd: directory });
    expect(stderr).toContain('start versitygw, which has the backups: leitstand up');
    expect(exit).toBe(6);
  });
});
