import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { alertmanager } from '../../src/components/alertmanager/index.ts';
import { prometheus } from '../../src/components/prometheus/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { freePort } from '../fixtures/free-port.ts';
import { alertingStack } from '../fixtures/alerting.ts';
import { generations, requirePrograms } from './programs.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function becomesReady(url: string): Promise<number> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      const { status } = await httpExchange(url);
      if (status === 200 || performance.now() > deadline) return status;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await systemClock.sleep(50);
  }
}

describe.each(generations)('an external URL with a path, %s programs', (generation) => {
  it.each([prometheus, alertmanager])('moves no path of $name: its proxy takes it off', async (plugin) => {
    const programs = await requirePrograms(generation);
    const directory = await mkdtemp(join(tmpdir(), 'external-url-'));
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const plan = plugin.plan({
      config: plugin.schema.parse({ port, external_url: 'https://ops.example.org/monitoring' }),
      stack: alertingStack({ receivers: {}, default: '' }),
      offers: [],
      place: {
        config: directory,
        data: join(directory, 'data'),
        secret: (name) => name,
        listen: (own) => `127.0.0.1:${own}`,
        address: (_component, own) => `127.0.0.1:${own}`,
        externalUrl: () => base,
      },
      programs: (name) => {
        const program = programs.get(name);
        if (!program) throw new Error(name);
        return program;
      },
    });
    for (const { path, content } of plan.files) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
    }
    const child = spawn(plan.program.path, plan.args, { stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    cleanups.push(
      () => rm(directory, { recursive: true, force: true }),
      async () => {
        child.kill('SIGKILL');
        await ended;
      },
    );
    expect(plan.args).toContain('--web.external-url=https://ops.example.org/monitoring');
    expect(await becomesReady(`${base}${plan.ready.path}`)).toBe(200);
  });
});
