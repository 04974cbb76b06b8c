import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKit } from '../../../src/backup/recovery-kit/parse-kit.ts';
import { assertRecoverable, encryptionWarnings } from '../../../src/backup/recovery-proof.ts';
import { catalog } from '../../../src/catalog.ts';
import { CommandInput } from '../../../src/cli/command.ts';
import { initCommand } from '../../../src/cli/commands/init.ts';
import { offeredReceivers } from '../../../src/cli/init/chosen-plugins.ts';
import { loadStack } from '../../../src/cli/load-stack.ts';
import { openHistory } from '../../../src/history/history.ts';
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
  const kit = join(root, `kit-${randomUUID()}.txt`);
  const given = { encryption: true, kit, ...options };
  const result = await initCommand.run(context, new CommandInput([target], given));
  return { target, result, kit };
}

const flags = fc.record({
  name: fc.constantFrom('a', 'rathaus-nord', 'true', 'null', 'no'),
  environment: fc.constantFrom(...ENVIRONMENTS),
  receiver: fc.subarray(receivers).map((types) => (types.length === 0 ? 'none' : types.join(','))),
  language: fc.constantFrom(...LANGUAGES),
  dotenv: fc.boolean(),
  // A key takes a database and a file: now and then is enough.
  encryption: fc.constantFrom(false, false, false, false, true),
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
        expect(stack.backup.recoveryKeys).toHaveLength(rest.encryption ? 1 : 0);
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
    const text = await readFile(join(target, 'leitstand.yaml'), 'utf8');
    await expect(text.replace(/age1\w+/, 'age1THE-RECOVERY-KEY')).toMatchFileSnapshot(
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

  it('has the backups in the S3 store of the stack, where that is chosen', async () => {
    const { target } = await init({ components: 'prometheus,versitygw', receiver: 'none', yes: true });
    const { store } = (await load(target)).backup;
    expect(store).toMatchObject({ kind: 's3', component: 'versitygw', bucket: 'backups' });
    const file = join(target, 'leitstand.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('# backup: {s3', 'backup: {s3'));
    const production = (await load(target, 'production')).backup.store;
    expect(production).toMatchObject({ bucket: 'my-backups', region: 'eu-central-1' });
    expect(production).not.toHaveProperty('component');
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

  it('is of one of two that begin at once, and the other makes and leaves nothing', async () => {
    const rounds = Array.from({ length: 5 }, async () => {
      const target = await mkdtemp(join(root, 'twice-'));
      const kits = ['a', 'b'].map((name) => join(root, `${basename(target)}-${name}.txt`));
      const both = await Promise.allSettled(
        kits.map((kit) => init({ yes: true, dotenv: true, kit }, target)),
      );
      const won = both.findIndex(({ status }) => status === 'fulfilled');
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const lost = both[1 - won];
      expect(`${lost?.status === 'rejected' ? lost.reason : ''}`).toContain('LS-CLI-009');
      const { recoveryKeys } = await parseKit(await readFile(kits[won] ?? '', 'utf8'));
      expect((await load(target)).backup.recoveryKeys).toEqual(recoveryKeys);
      await expect(stat(kits[1 - won] ?? '')).rejects.toMatchObject({ code: 'ENOENT' });
    });
    await Promise.all(rounds);
  });

  it('is of one of two processes that begin at once', async () => {
    const target = await mkdtemp(join(root, 'twice-'));
    const command = fileURLToPath(new URL('../../../bin/leitstand.mjs', import.meta.url));
    const runs = ['a', 'b'].map(async (name) => {
      const kit = join(root, `${basename(target)}-${name}.txt`);
      const child = spawn(process.execPath, [command, 'init', '--yes', '--kit', kit], { cwd: target });
      const texts: string[] = [];
      child.stderr.on('data', (data) => texts.push(String(data)));
      const [code] = (await once(child, 'close')) as [number];
      return { code, kit, text: texts.join('') };
    });
    const [winner, loser] = (await Promise.all(runs)).sort((a, b) => a.code - b.code);
    expect([winner?.code, loser?.code], `${winner?.text}${loser?.text}`).toEqual([0, 2]);
    expect(loser?.text).toContain('LS-CLI-009');
    const { recoveryKeys } = await parseKit(await readFile(winner?.kit ?? '', 'utf8'));
    expect((await load(target)).backup.recoveryKeys).toEqual(recoveryKeys);
    await expect(stat(loser?.kit ?? '')).rejects.toMatchObject({ code: 'ENOENT' });
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

describe('the recovery key', () => {
  it('is made, tried and handed over, and its secret half is nowhere else', async () => {
    const { target, result, kit } = await init({ yes: true, language: 'de' });
    const text = await readFile(kit, 'utf8');
    expect((await stat(kit)).mode & 0o777).toBe(0o600);
    const { recoveryKeys, secretKey, identities } = await parseKit(text);
    const stack = await load(target);
    expect(stack.backup.recoveryKeys).toEqual(recoveryKeys);
    expect(identities.map(({ recipient }) => recipient)).toEqual(recoveryKeys);
    expect(text).toContain('NOTFALLBLATT');
    const secret = secretKey?.reveal() ?? '';
    expect(secret).toMatch(/^AGE-SECRET-KEY-1/);
    expect(JSON.stringify(result)).not.toContain(secret);
    for (const name of await readdir(target, { recursive: true, withFileTypes: true }))
      if (name.isFile())
        expect(await readFile(join(name.parentPath, name.name), 'latin1'), `${name.name}`).not.toContain(
          secret,
        );
    const history = openHistory(join(stack.stateDir, 'leitstand.db'));
    try {
      expect(() => assertRecoverable(recoveryKeys, history.proofs)).not.toThrow();
      expect(encryptionWarnings(recoveryKeys, history.proofs, new Date())).toEqual([]);
    } finally {
      history.close();
    }
  });

  it('is not made where nobody would see it, and nothing else then either', async () => {
    const target = await mkdtemp(join(root, 'unseen-'));
    await expect(init({ yes: true, kit: undefined }, target)).rejects.toThrow('LS-BACKUP-011');
    const taken = join(root, 'taken.txt');
    await writeFile(taken, 'mine');
    for (const [kit, text] of [
      [join(target, 'kit.txt'), 'outlive'],
      [join(target, '..', basename(target), 'kit.txt'), 'outlive'],
      [taken, 'not replaced'],
      [join(root, 'no', 'such', 'kit.txt'), 'no such directory'],
    ] as const)
      await expect(init({ yes: true, kit }, target), `${kit}`).rejects.toThrow(text);
    expect(await readdir(target)).toEqual([]);
    expect(await readFile(taken, 'utf8')).toBe('mine');
  });

  it('is not made when its kit could not be read', async () => {
    const kit = join(root, 'unreadable.txt');
    const target = await mkdtemp(join(root, 'odd\nstack: other'));
    await expect(init({ yes: true, kit, name: 'odd' }, target)).rejects.toThrow('LS-BACKUP-009');
    expect(await readdir(root)).not.toContain('unreadable.txt');
    expect(await readdir(target)).not.toContain('leitstand.yaml');
  });

  it('is not made when somebody says so, who is told what that means', async () => {
    const { target, result } = await init({ yes: true, encryption: false, kit: undefined });
    expect((await load(target)).backup.recoveryKeys).toEqual([]);
    expect(result.text).toContain('Backups are not encrypted');
    expect(await readdir(join(target, '.leitstand'))).toEqual(['run']);
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
      ['Nord', 'nord', '3', '1,2,99', '1 2', '1,3', 'x', '2', '', 'yes'].map((line) => `${line}\n`),
    );
    expect(text).toContain('Name of the stack');
    expect(text).toContain('  3  production: where it counts');
    expect(text).toMatch(/Numbers from 1 to \d, please/);
    // oxlint-disable-next-line no-control-regex -- no escape sequence may be in it
    expect(text).not.toMatch(/\u001B/);
    expect(status).toBe(0);
    expect(text).toMatch(/^AGE-SECRET-KEY-1\w+$/m);
    expect(text).toContain('Is this kit printed or copied?');
    const stack = await load(target);
    expect(text).toContain(`# recovery-key: ${stack.backup.recoveryKeys[0]}`);
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

  it('writes no configuration to a key that nobody has kept', async () => {
    const target = await mkdtemp(join(root, 'wizard-'));
    const { text, status } = await onTerminal(
      target,
      ['nord', '', '', '', '', '', 'no'].map((line) => `${line}\n`),
    );
    expect(text).toContain('LS-BACKUP-011');
    expect(status).toBe(2);
    expect(await readdir(target)).toEqual(['.leitstand']);
  });

  it('writes nothing after Ctrl-C', async () => {
    const target = await mkdtemp(join(root, 'wizard-'));
    const { text, status } = await onTerminal(target, ['nord\n', '\u0003']);
    expect(text).toContain('cancelled');
    expect(status).toBe(130);
    expect(await readdir(target)).toEqual([]);
  });
});
