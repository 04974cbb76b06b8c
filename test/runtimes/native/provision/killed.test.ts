import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { provisionProgram } from '../../../../src/runtimes/native/provision/provision.ts';
import { FakeMachine } from './fake-tools.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await FakeMachine.make();
});
afterEach(() => machine.remove());

it('a Leitstand killed in the middle of a build holds nobody up and leaves nothing that counts', async () => {
  const marker = join(machine.root, 'started');
  await machine.go('1.26.0', `echo $$ > '${marker}'; exec /bin/sleep 60`);
  const context = machine.context({ sources: ['cache', 'go'] });
  const { main } = machine.specs();
  const request = JSON.stringify({ spec: main, provisioning: context.provisioning });
  const script = fileURLToPath(new URL('provision-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, request], { env: context.env, stdio: 'inherit' });
  await expect.poll(() => readFile(marker, 'utf8').catch(() => ''), { timeout: 20_000 }).toMatch(/\d\n/);
  child.kill('SIGKILL');
  await once(child, 'exit');
  process.kill(Number(await readFile(marker, 'utf8')), 'SIGKILL');
  const directory = join(machine.cacheDir, 'programs', 'mainprog');
  expect((await readdir(directory)).every((name) => name.includes('.unfinished-'))).toBe(true);

  await machine.go('1.26.0');
  const program = await provisionProgram(main, context);
  expect(program.path).toBe(join(directory, 'go-3.16.0', 'mainprog'));
  expect(await readdir(directory)).toEqual(['go-3.16.0']);
});
