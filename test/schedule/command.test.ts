import { expect, it } from 'vitest';
import { runProgram } from '../../src/platform/processes.ts';
import { runCommand } from '../../src/schedule/command.ts';
import type { ScheduledJob } from '../../src/stack/job.ts';

/** A Leitstand that is one line of JavaScript. */
function run(script: string, more: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}) {
  const lines: string[] = [];
  const job: ScheduledJob = {
    name: 'alert-test',
    schedule: '0 10 * * 1',
    location: 'UTC',
    command: ['alert', 'test', '--drill'],
    timeoutMs: more.timeoutMs ?? 60_000,
  };
  const end = runCommand(job, {
    run: runProgram,
    leitstand: [process.execPath, '--eval', script, '--'],
    env: { PATH: process.env['PATH'], GREETING: 'hello' },
    cwd: process.cwd(),
    onLine: (line) => lines.push(line),
    ...(more.signal ? { signal: more.signal } : {}),
  });
  return { end, lines };
}

it('is the command line of Leitstand, with the environment that is given', async () => {
  const { end, lines } = run(
    'console.log(process.argv.slice(1).join(" "), process.env.GREETING, process.env.NO_COLOR)',
  );
  expect(await end).toEqual({ outcome: 'succeeded', exit: 0 });
  expect(lines).toEqual(['alert test --drill hello 1']);
});

it('an honest no is told by the last line of the result', async () => {
  const { end } = run(
    'console.log("team slack[0] FAILED\\n\\n1 of 2 integrations proven\\n"); process.exitCode = 1',
  );
  expect(await end).toEqual({ outcome: 'failed', exit: 1, reason: '1 of 2 integrations proven' });
});

it('an error is told by its first line', async () => {
  const { end } = run(
    'console.error("warning: x\\nerror LS-CLI-006: alertmanager does not run\\n  fix: leitstand up"); process.exitCode = 5',
  );
  expect(await end).toEqual({
    outcome: 'failed',
    exit: 5,
    reason: 'error LS-CLI-006: alertmanager does not run',
  });
});

it('a crash is told, also one without words', async () => {
  expect(await run('process.kill(process.pid, "SIGKILL")').end).toEqual({
    outcome: 'failed',
    reason: 'ended by SIGKILL',
  });
  expect(await run('process.exitCode = 70').end).toEqual({ outcome: 'failed', exit: 70, reason: 'exit 70' });
});

it('one that hangs is told to end, and then killed', async () => {
  const { end, lines } = run(
    'process.on("SIGTERM", () => { console.log("tidying"); process.exit(0); }); setInterval(() => {}, 1000)',
    {
      timeoutMs: 1_000,
    },
  );
  expect(await end).toMatchObject({ outcome: 'failed', reason: 'it did not end within 1 s' });
  expect(lines).toEqual(['tidying']);
});

it('is told to end with whoever runs it, and may tidy up', async () => {
  const closing = new AbortController();
  const { end, lines } = run(
    'process.on("SIGTERM", () => { console.log("tidying"); process.exit(0); }); console.log("up"); setInterval(() => {}, 1000)',
    { signal: closing.signal },
  );
  await expect.poll(() => lines).toEqual(['up']);
  closing.abort(new Error('the daemon ends'));
  await expect(end).rejects.toThrow('the daemon ends');
  expect(lines).toEqual(['up', 'tidying']);
});
