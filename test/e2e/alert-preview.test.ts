import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openHistory } from '../../src/history/history.ts';
import { processesOf } from '../integration/processes-of.ts';
import { generations } from '../integration/programs.ts';
import { eventually, leitstand, makeStack, type StackUnderTest } from './stack-under-test.ts';

const bin = fileURLToPath(new URL('../../bin/leitstand.mjs', import.meta.url));

/** Nothing of it is ever started: a preview needs no running stack. */
describe.runIf(generations.includes('current'))('leitstand alert preview', () => {
  let stack: StackUnderTest;
  let scratch = '';
  const preview = (...args: readonly string[]) =>
    leitstand(['alert', 'preview', ...args], { cwd: stack.directory, env: { TMPDIR: scratch } });

  beforeAll(async () => {
    stack = await makeStack('current');
  });
  afterAll(() => stack.destroy());
  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'preview-e2e-'));
    await stack.configure();
  });
  afterEach(() => rm(scratch, { recursive: true, force: true }));

  it('shows the messages as text, and says that nothing was sent', async () => {
    const { exit, stdout, stderr } = await preview('on-call', '--case', 'firing');
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toContain('on-call  slack[0]  #alerts\n  firing\n    🚨 CRITICAL: DiskNearlyFull');
    expect(stdout).toMatch(/2 messages made by Alertmanager 0\.31\.1 in .*; nothing was sent to anybody\n$/);
    expect(await readdir(scratch)).toEqual([]);
  });

  it('writes a page, and the whole of it as JSON', async () => {
    const { exit, stdout } = await preview('--html', 'preview.html', '--json');
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(exit).toBe(0);
    expect(last).toMatchObject({ type: 'result', result: { page: join(stack.directory, 'preview.html') } });
    expect(last.result.integrations).toHaveLength(3);
    const page = await readFile(join(stack.directory, 'preview.html'), 'utf8');
    expect(page).toContain('under-test');
    expect(page).not.toContain('testtesttesttest');
    expect(stdout).not.toContain('testtesttesttest');
  });

  it('shows the alert of a shipped rule to whom it goes', async () => {
    const { exit, stdout } = await preview('--alert', 'TargetDown', '--case', 'firing');
    expect(exit).toBe(0);
    expect(stdout).toContain('TargetDown');
    expect(stdout).toMatch(/not shown: \S+ \w+\[0\]: severity="\w+" leads to/);
  });

  it.each([
    [
      'an alert that does not exist',
      ['--alert', 'TargetDwon'],
      2,
      'leitstand alert preview --alert TargetDown',
    ],
    ['a receiver that does not exist', ['nobody'], 2, 'the receivers are: on-call, team'],
    ['a label without a value', ['--labels', 'team'], 2, '--labels severity=critical,team=water'],
    ['a page in no directory', ['--html', 'no/such/page.html'], 2, 'mkdir -p no/such'],
    ['a page that is a directory', ['--html', '.'], 2, 'name a file'],
    ['a case that does not exist', ['--case', 'worst'], 2, 'leitstand alert preview --help'],
    ['labels that lead elsewhere', ['on-call', '--labels', 'severity=info'], 1, ''],
  ])('says what to do about %s', async (_, args, code, fix) => {
    const { exit, stderr } = await preview(...args);
    expect(exit).toBe(code);
    expect(stderr).toContain(fix);
  });

  it('says what to do when the program is not there', async () => {
    await stack.configure({ paths: new Map([...stack.paths, ['alertmanager', '/no/such/alertmanager']]) });
    const { exit, stderr } = await preview();
    expect(exit).not.toBe(0);
    expect(stderr).toMatch(/^LS-PROVISION-\d+ .*alertmanager/);
    expect(stderr).toContain('/no/such/alertmanager');
    expect(stderr).toContain('fix: ');
  });

  it('draws a message that the inbox received in the same way', async () => {
    await mkdir(join(stack.directory, '.leitstand'), { recursive: true });
    const history = openHistory(join(stack.directory, '.leitstand', 'leitstand.db'));
    history.messages.append({
      receivedAt: '2026-11-27T09:00:00.000Z',
      type: 'slack',
      path: '/slack/services/T0/B0/x',
      recipient: '',
      headers: {},
      body: '{"attachments":[{"title":"Disk &lt;full&gt;","color":"danger"}]}',
      replyStatus: 200,
      accepted: true,
      problems: [],
      title: 'Disk full',
      text: '',
      status: 'firing',
    });
    history.close();
    const { exit, stdout, stderr } = await leitstand(['inbox', 'show', '1', '--html', 'message.html'], {
      cwd: stack.directory,
    });
    expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: 'the page: message.html\n', stderr: '' });
    const page = await readFile(join(stack.directory, 'message.html'), 'utf8');
    expect(page).toContain('<p class="chat-title"><span>Disk &lt;full&gt;</span></p>');
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('leaves no process after %s', async (signal) => {
    const child = spawn(process.execPath, [bin, 'alert', 'preview'], {
      cwd: stack.directory,
      env: { PATH: process.env['PATH'], HOME: stack.directory, TMPDIR: scratch },
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    await eventually(
      () => processesOf(scratch),
      (lines) => lines.some((line) => line.includes('--config.file')),
    );
    child.kill(signal);
    const code = await ended;
    await eventually(
      () => processesOf(scratch),
      (lines) => lines.length === 0,
    );
    if (signal === 'SIGINT') expect({ code, left: await readdir(scratch) }).toEqual({ code: 130, left: [] });
  });
});
