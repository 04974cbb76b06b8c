import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../../../src/platform/processes.ts';

const MODULE = join(import.meta.dirname, '../../../src/runtimes/native/supervised-process.ts');

it('is waited for by a process that has nothing else to do', async () => {
  const script = `
    import { spawn } from 'node:child_process';
    import { endOfChild } from ${JSON.stringify(MODULE)};
    const child = spawn('/bin/sh', ['-c', 'sleep 0.3; exit 3'], { stdio: 'ignore', detached: true });
    child.unref();
    const gone = { pid: child.pid, startTime: 'of another one' };
    process.stdout.write(String(await endOfChild(child, gone)));`;
  const result = await runProgram(process.execPath, ['--input-type=module', '-e', script]);
  expect(result).toMatchObject({ exitCode: 0, stdout: 'exited with code 3' });
});
