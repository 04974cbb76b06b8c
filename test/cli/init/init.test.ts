import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '../../../src/catalog.ts';
import { CommandInput } from '../../../src/cli/command.ts';
import { initCommand } from '../../../src/cli/commands/init.ts';
import { offeredReceivers } from '../../../src/cli/init/chosen-plugins.ts';
import { loadStack } from '../../../src/cli/load-stack.ts';
import { LANGUAGES } from '../../../src/stack/language.ts';
import { type EnvironmentName, ENVIRONMENTS, type Stack } from '../../../src/stack/stack.ts';
import { contextFor } from '../context.ts';

const components = [...(await catalog.components()).keys()];
const receivers = (await offeredReceivers(catalog)).map(({ type }) => type);
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-init-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function load(directory: string, environment?: EnvironmentName): Promise<Stack> {
  const file = join(directory, 'leitstand.yaml');
  return loadStack({ ...contextFor(process.cwd()), file, environment });
}

async function init(options: Readonly<Record<string, unknown>>, directory?: string) {
  const target = directory ?? (await mkdtemp(join(root, 'stack-')));
  const context = contextFor(target);
  const result = await initCommand.run(context, new CommandInput([target], options));
  return { target, result };
}

const flags = fc.record({
  name: fc.constantFrom('a', 'rathaus-nord', 'true', 'null', 'no'),
  environment: fc.constantFrom(...ENVIRONMENTS),
  receiver: fc.subarray(receivers).map((types) => (types.length === 0 ? 'none' : types.join(','))),
  language: fc.constantFrom(...LANGUAGES),
  dotenv: fc.boolean(),
  components: fc.subarray(components, { minLength: 1 }),
});

describe('what init writes', () => {
  it('is accepted as it is, whatever the answers', async () => {
    await fc.assert(
      fc.asyncProperty(flags, async ({ components: chosen, ...rest }) => {
        fc.pre(rest.receiver === 'none' || chosen.includes('alertmanager'));
        const { target } = await init({ ...rest, components: chosen.join(','), yes: true });
        const stack = await load(target);
        expect(stack.name).toBe(rest.name);
        expect(stack.environment).toBe(rest.environment);
        expect(stack.language).toBe(rest.language);
        expect(stack.components.map(({ name }) => name)).toEqual(
          components.filter((name) => chosen.includes(name)),
        );
        expect(stack.integrations.map(({ type }) => type).sort()).toEqual(
          rest.receiver === 'none' ? [] : rest.receiver.split(',').sort(),
        );
        for (const integration of stack.integrations)
          expect(integration.destination()?.host).toBe('127.0.0.1:5001');
        await rm(target, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });

  it('stays accepted when every commented key of the components is made active', async () => {
    const { target } = await init({ components: components.join(','), dotenv: true, yes: true });
    const file = join(target, 'leitstand.yaml');
    const text = await readFile(file, 'utf8');
    const active = text.replaceAll(/^ {4}# ([a-z_]+: \S+ {2,}#)/gm, '    $1');
    expect(active.length).toBeLessThan(text.length - 20);
    await writeFile(file, active);
    await expect(load(target)).resolves.toBeDefined();
  });

  it('sends critical alerts to those it wakes, and the rest by mail', async () => {
    const { target } = await init({ receiver: 'email, pagerduty slack', yes: true });
    const stack = await load(target);
    expect(stack.integrations.map(({ receiver, type }) => `${receiver} ${type}`)).toEqual([
      'on-call slack',
      'on-call pagerduty',
      'team email',
    ]);
    expect(stack.routing).toMatchObject({
      default: 'team',
      routes: [
        { match: [{ label: 'severity', values: ['critical'] }], receiver: 'on-call' },
        { match: [{ label: 'severity', values: ['warning'] }], receiver: 'team' },
      ],
    });
    const example = await readFile(join(target, '.env.example'), 'utf8');
    for (const name of ['SLACK_WEBHOOK_URL', 'SMTP_USERNAME', 'SMTP_PASSWORD', 'PAGERDUTY_SERVICE_KEY'])
      expect(example).toContain(`\n${name}=\n`);
    // The office hours that it shows are of the right form.
    const file = join(target, 'leitstand.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text
        .replace(/^ {2}# hours:\n {2}# ( {2}office: .*)$/m, '  hours:\n  $1')
        .replace('warning: team', 'warning: {receiver: team, hours: office}'),
    );
    expect((await load(target)).routing.routes[1]).toMatchObject({ hours: 'office' });
  });

  it('reaches the real places in production, and asks for each value it lacks', async () => {
    const { target } = await init({ receiver: receivers.join(), environment: 'staging', yes: true });
    const variables = {
      SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T1/B1/x1',
      ALERT_MAIL_TO: 'ops@sva-studio.de',
      ALERT_MAIL_FROM: 'alertmanager@sva-studio.de',
      SMTP_SMARTHOST: 'smtp.example.com:587',
      SMTP_USERNAME: 'alertmanager',
      SMTP_PASSWORD: 'x7f3a',
      PAGERDUTY_SERVICE_KEY: 'e93facc04764012d7bfb002500d5d1a6',
      WEBHOOK_URL: 'https://example.com/hook',
    };
    for (const missing of Object.keys(variables)) {
      const lines = Object.entries(variables).filter(([name]) => name !== missing);
      const text = lines.map(([name, value]) => `${name}=${value}\n`).join('');
      await writeFile(join(target, '.env'), text, { mode: 0o600 });
      await expect(load(target, 'production')).rejects.toThrow(missing);
      await expect(load(target, 'staging')).resolves.toBeDefined();
    }
    const all = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(target, '.env'), all.join(''), { mode: 0o600 });
    const stack = await load(target, 'production');
    expect(
      stack.integrations
        .map((integration) => integration.destination()?.host ?? '')
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['events.pagerduty.com', 'example.com', 'hooks.slack.com', 'smtp.example.com:587']);
  });

  it('asks for the real channel as soon as it is production', async () => {
    const { target } = await init({ yes: true });
    await expect(load(target, 'staging')).resolves.toBeDefined();
    await expect(load(target, 'production')).rejects.toThrow('LS-CONFIG-013');
    await writeFile(join(target, '.env'), 'SLACK_WEBHOOK_URL=https://hooks.slack.com/services/T1/B1/x1\n', {
      mode: 0o600,
    });
    const stack = await load(target, 'production');
    expect(stack.integrations[0]?.destination()?.host).toBe('hooks.slack.com');
  });

  it('is the same for the same answers', async () => {
    const all = components.filter((name) => name !== 'versitygw');
    const { target } = await init({
      name: 'rathaus-nord',
      components: all.join(','),
      receiver: 'slack,email,pagerduty',
      yes: true,
    });
    await expect(await readFile(join(target, 'leitstand.yaml'), 'utf8')).toMatchFileSnapshot(
      '../../golden/init/leitstand.yaml',
    );
    await expect(await readFile(join(target, '.env.example'), 'utf8')).toMatchFileSnapshot(
      '../../golden/init/env.example',
    );
  });

  it('keeps secrets to their owner, and makes no two alike', async () => {
    const options = { components: 'versitygw', yes: true };
    const texts = await Promise.all(
      [1, 2].map(async () => {
        const { target } = await init(options);
        expect((await stat(join(target, '.env'))).mode & 0o777).toBe(0o600);
        return readFile(join(target, '.env'), 'utf8');
      }),
    );
    expect(texts[0]).toMatch(/^VERSITYGW_SECRET_KEY=[0-9a-f]{40}$/m);
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('completes what is there, and replaces nothing', async () => {
    const target = await mkdtemp(join(root, 'full-'));
    await writeFile(join(target, '.gitignore'), 'node_modules\n.env');
    await writeFile(join(target, '.env.example'), 'mine\n');
    await writeFile(join(target, '.env'), 'OTHER=1\nSLACK_WEBHOOK_URL=http://127.0.0.1:9/slack\n');
    await init({ yes: true, dotenv: true }, target);
    expect(await readFile(join(target, '.gitignore'), 'utf8')).toBe(
      'node_modules\n.env\nsecrets/\n.leitstand/\n',
    );
    expect(await readFile(join(target, '.env.example'), 'utf8')).toBe('mine\n');
    expect(await readFile(join(target, '.env'), 'utf8')).toBe(
      'OTHER=1\nSLACK_WEBHOOK_URL=http://127.0.0.1:9/slack\n',
    );
    await expect(init({ yes: true }, target)).rejects.toThrow('LS-CLI-009');
  });

  it('refuses what does not fit together, and writes nothing then', async () => {
    for (const [options, text] of [
      [{ name: 'Nord' }, '--name Nord'],
      [{ components: 'prometheus,alertmanger' }, 'no component alertmanger'],
      [{ components: ' , ' }, 'names none'],
      [{ components: 'prometheus', receiver: 'slack' }, 'needs an Alertmanager'],
      [{ receiver: 'slak' }, 'no receiver slak'],
      [{ receiver: 'slack,none' }, 'no receiver none'],
    ] as const) {
      const target = await mkdtemp(join(root, 'refused-'));
      await expect(init({ ...options, yes: true }, target)).rejects.toThrow(text);
      expect(await readdir(target)).toEqual([]);
    }
  });

  it('names the stack after its directory', async () => {
    for (const [directory, name] of [
      ['Rathaus Nord', 'rathaus-nord'],
      ['1.2', 'my-stack'],
      ['über', 'ber'],
    ] as const) {
      const target = join(root, 'names', directory);
      await mkdir(target, { recursive: true });
      const { result } = await init({ yes: true }, target);
      expect(result.json).toMatchObject({ name });
    }
  });
});

const bin = fileURLToPath(new URL('../../../bin/leitstand.mjs', import.meta.url));
const hasScript = spawnSync('script', ['--version']).status === 0;

/** The real command on a terminal of its own (util-linux' script); each answer is typed once its question is there. */
function onTerminal(directory: string, answers: readonly string[]) {
  return new Promise<{ readonly text: string; readonly status: number | null }>((resolve, reject) => {
    const command = ['-qec', `"${process.execPath}" "${bin}" init`, '/dev/null'];
    const child = spawn('script', command, {
      cwd: directory,
      env: { ...process.env, TERM: 'dumb' },
      timeout: 20_000,
    });
    const waiting = [...answers];
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk.replaceAll('\r', '');
      if (text.endsWith(']: ')) child.stdin.write(waiting.shift() ?? '');
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ text, status }));
  });
}

describe.runIf(hasScript)('the wizard on a terminal', () => {
  it('asks with numbers, and takes the default for Enter', async () => {
    const target = await mkdtemp(join(root, 'wizard-'));
    const { text, status } = await onTerminal(
      target,
      ['Nord', 'nord', '3', '1,2,99', '1 2', '1,3', 'x', '2', ''].map((line) => `${line}\n`),
    );
    expect(text).toContain('Name of the stack');
    expect(text).toContain('  3  production: where it counts');
    expect(text).toMatch(/Numbers from 1 to \d, please/);
    // oxlint-disable-next-line no-control-regex -- no escape sequence may be in it
    expect(text).not.toMatch(/\u001B/);
    expect(status).toBe(0);
    const stack = await load(target);
    expect(stack).toMatchObject({ name: 'nord', environment: 'production', language: 'de' });
    expect(stack.integrations.map(({ type }) => type)).toEqual(['slack', 'pagerduty']);
    expect(stack.components).toHaveLength(2);
  });

  it('writes nothing when the input ends', async () => {
    const target = await mkdtemp(join(root, 'wizard-'));
    const { text, status } = await onTerminal(target, ['nord\n', '\u0004']);
    expect(text).toContain('LS-CLI-010');
    expect(status).toBe(130);
    expect(await readdir(target)).toEqual([]);
  });

  it('writes nothing after Ctrl-C', async () => {
    const target = await mkdtemp(join(root, 'wizard-'));
    const { text, status } = await onTerminal(target, ['nord\n', '\u0003']);
    expect(text).toContain('cancelled');
    expect(status).toBe(130);
    expect(await readdir(target)).toEqual([]);
  });
});
