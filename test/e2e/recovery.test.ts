import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpExchange } from '../../src/platform/http.ts';
import { type LiveS3, startS3, versitygwServer } from '../integration/live-s3.ts';
import { findProgram, generations } from '../integration/programs.ts';
import { eventually, leitstand, makeStack, type Outcome, type StackUnderTest } from './stack-under-test.ts';

const versitygw = await findProgram('versitygw');
const [generation] = generations;

/** Nothing of the old machine is left but the kit; the store is a real directory, or a real S3 server. */
const STORES = ['a directory', 'an S3 bucket'] as const;

describe.each(STORES)('a machine that is lost, with its backups in %s', (kind) => {
  const isS3 = kind === 'an S3 bucket';
  const isSkipped = !generation || (isS3 && !versitygw);
  let root = '';
  let server: LiveS3 | undefined;
  let stack: StackUnderTest;
  let place = '';
  let bucketEnv: Readonly<Record<string, string>> = {};
  let kit = '';
  let key = '';
  let before = '';
  /** Of another stack, which is none of our business. */
  let others = { secret: '', signing: '', key: '' };
  /** The new machine's. */
  let machine = '';
  let town = '';

  const onMachine = (...args: readonly string[]) => leitstand(args, { cwd: machine, env: bucketEnv });
  const inTown = (...args: readonly string[]) => leitstand(args, { cwd: town, env: bucketEnv });

  /** Somebody's key that nobody has tried here: everybody who looks sees it, until it is mended. */
  async function refusesUntriedKey(run: (...args: readonly string[]) => Promise<Outcome>) {
    await stack.configure({ extra: `backup: {${place}, recovery_keys: [${others.key}]}\n` });
    const refused = await run('backup');
    expect(refused.exit, `${refused.stderr}`).toBe(2);
    expect(refused.stderr).toContain('LS-BACKUP-008');
    expect(refused.stderr).toContain('leitstand backup kit --prove FILE');
    expect((await run('backup', 'kit', '--prove', kit)).exit).toBe(12);
    const status = await run('status');
    expect(status.stdout).toMatch(/recovery-key +age1\w+ +NEVER/);
    expect(status.stdout).toMatch(/backup +prometheus +REFUTED.*no recovery key of this stack/);
    expect((await run('doctor')).stdout).toContain('`leitstand backup` refuses');
    await stack.configure({ extra: `backup: {${place}, recovery_keys: [${key}]}\n` });
  }

  /** Those of the old machine, of which this one has no keys. */
  async function opensOldOnesByKeyAlone() {
    const backups = JSON.parse(last(await inTown('backup', 'list', '--json'))).result as {
      readonly details: readonly { readonly snapshot: string; readonly opensHere: boolean }[];
    }[];
    const old = backups.flatMap(({ details }) => details).find(({ opensHere }) => !opensHere)?.snapshot ?? '';
    const target = join(root, 'old');
    const locked = await inTown('restore', '--snapshot', old, target);
    expect(locked.exit, `${locked.stderr}`).toBe(12);
    expect(locked.stderr).toContain('--identity');
    const opened = await inTown('restore', '--snapshot', old, '--identity', kit, target);
    expect(opened.exit, `${opened.stderr}`).toBe(0);
    const shown = await inTown('backup', 'show', old, '--identity', kit, '--files');
    expect(shown.exit, `${shown.stderr}`).toBe(0);
    const half = await inTown('backup', 'verify', '--level', 'content');
    expect(half.exit, `${half.stdout}`).toBe(5);
    const whole = await inTown('backup', 'verify', '--level', 'content', '--identity', kit);
    expect(whole.exit, `${whole.stdout}`).toBe(0);
  }

  /** A line of this host's keys that a disk has altered: told, and no damage. */
  async function passesOverWrongKeys() {
    const keys = join(town, '.leitstand/keys');
    const [name = ''] = (await readdir(keys)).filter((file) => file.endsWith('.jsonl'));
    const text = await readFile(join(keys, name), 'utf8');
    const other = Buffer.alloc(32, 7).toString('base64');
    await writeFile(join(keys, name), text.replaceAll(/"key":"[^"]+"/g, `"key":"${other}"`));
    const locked = await inTown('restore', '--source', 'leitstand', join(root, 'locked'));
    expect(locked.exit, `${locked.stderr}`).toBe(12);
    const opened = await inTown('restore', '--source', 'leitstand', '--identity', kit, join(root, 'opened'));
    expect(opened.exit, `${opened.stderr}`).toBe(0);
    for (const { stderr } of [locked, opened])
      expect(stderr).toMatch(
        /^warning: LS-REPO-032: the key that this host keeps for pack .*\n {2}fix: .*sed -i/m,
      );
    await writeFile(join(keys, name), text);
  }

  beforeAll(async () => {
    if (isSkipped) return;
    root = await mkdtemp(join(tmpdir(), 'leitstand-lost-'));
    machine = join(root, 'new-machine');
    town = join(machine, 'town');
    await mkdir(machine);
    kit = join(root, 'kit.txt');
    if (isS3) {
      server = await startS3(versitygwServer(versitygw?.path ?? ''), root);
      const bucket = await server.newBucket();
      place = `s3: {bucket: ${bucket.bucket}, endpoint: '${bucket.endpoint}', region: us-east-1, prefix: towns/north}`;
      bucketEnv = {
        AWS_ACCESS_KEY_ID: bucket.credentials?.accessKeyId.reveal() ?? '',
        AWS_SECRET_ACCESS_KEY: bucket.credentials?.secretAccessKey.reveal() ?? '',
      };
    } else place = `directory: ${join(root, 'mounted')}`;
    others = await makeOther(join(root, 'elsewhere'), join(root, 'other.txt'));
    stack = await makeStack(generation ?? 'current');
    await stack.configure({ extra: `backup: {${place}}\n` });
  }, 120_000);

  afterAll(async () => {
    if (isSkipped) return;
    await inTown('down');
    await server?.stop();
    await rm(root, { recursive: true, force: true });
  }, 60_000);

  it.skipIf(isSkipped)(
    'was encrypted to a key that was tried before the first backup',
    async () => {
      const run = (...args: readonly string[]) => leitstand(args, { cwd: stack.directory, env: bucketEnv });
      const plain = await run('status');
      expect(plain.stdout).toContain('backups are not encrypted');
      expect(plain.stdout).toContain('leitstand backup kit --new');
      const made = await run('backup', 'kit', '--new', '--kit', kit);
      expect(made.exit, `${made.stderr}`).toBe(0);
      expect((await stat(kit)).mode & 0o777).toBe(0o600);
      [, key = ''] = /^ {4}- (age1\w+)$/m.exec(made.stdout) ?? [];
      expect(made.stdout).not.toContain('AGE-SECRET-KEY');
      await stack.configure({ extra: `backup: {${place}, recovery_keys: [${key}]}\n` });

      const up = await run('up');
      expect(up.exit, `${up.stderr}`).toBe(0);
      if (!isS3) await refusesUntriedKey(run);
      const backup = await eventually(
        () => run('backup'),
        ({ exit }) => exit === 0,
        90_000,
      );
      expect(backup.stdout).not.toContain('warning');

      const list = await run('backup', 'list');
      expect(list.stdout).toContain(`${key.slice(0, 14)}…, opens here`);
      expect(list.stdout).toContain(`${key.slice(0, 14)}…, `);
      const [newest] = JSON.parse(last(await run('backup', 'list', '--json'))).result as {
        readonly details: readonly { readonly snapshot: string; readonly source: string }[];
      }[];
      const own = newest?.details.find(({ source }) => source === 'leitstand')?.snapshot ?? '';
      const shown = await run('backup', 'show', own);
      expect(shown.stdout).toContain(`to ${key}; opens here without the recovery key`);

      const proved = await run('backup', 'kit', '--prove', kit);
      expect(proved.exit, `${proved.stderr}`).toBe(0);
      expect(proved.stdout).toContain('PROVEN');
      expect(proved.stdout).toMatch(/of snapshot \S+ \(\d+ bytes\), read from/);

      const again = await run('backup', 'kit');
      expect(again.stdout).toContain(`# recovery-key: ${key}`);
      expect(again.stdout).not.toContain('AGE-SECRET-KEY');

      before = await metricOf(stack.ports.prometheus);
      const down = await run('down');
      expect(down.exit, `${down.stderr}`).toBe(0);
      await copyFile(join(stack.directory, '.env'), join(root, 'password-safe'));
      await rm(stack.directory, { recursive: true });
    },
    240_000,
  );

  it.skipIf(isSkipped)(
    'is seen from a new one by the kit alone',
    async () => {
      const list = await onMachine('backup', 'list', '--kit', kit);
      expect(list.exit, `${list.stderr}`).toBe(0);
      for (const source of ['prometheus', 'alertmanager', 'pushgateway', 'leitstand'])
        expect(list.stdout).toContain(source);
      const verified = await onMachine('backup', 'verify', '--kit', kit);
      expect(verified.exit, `${verified.stdout}${verified.stderr}`).toBe(0);
      expect(verified.stdout).toMatch(/^Intact: .* files; .*\(content\)$/m);
      expect(verified.stdout).toContain('neither put on record nor a proof');
      const rotated = await onMachine('backup', 'verify', '--kit', kit, '--rotate');
      expect([rotated.exit, rotated.stderr]).toEqual([2, expect.stringContaining('--level stored')]);
      expect(await readdir(machine)).toEqual([]);

      // Printed again, the kit leads there, and opens nothing.
      const withoutSecret = join(root, 'kit-again.txt');
      await writeFile(withoutSecret, (await readFile(kit, 'utf8')).replace(/^AGE-SECRET-KEY.*$/m, ''));
      const locked = await onMachine('backup', 'list', '--kit', withoutSecret);
      expect(locked.stdout).toContain('needs --identity');
      const undecoded = await onMachine('backup', 'verify', '--kit', withoutSecret);
      expect(undecoded.exit, `${undecoded.stdout}`).toBe(5);
      expect(undecoded.stdout).toContain('give the recovery key: --identity FILE');
      const restore = await onMachine('restore', '--kit', withoutSecret, '--all', 'nothing');
      expect(restore.exit, `${restore.stderr}`).toBe(12);
      expect(restore.stderr).toContain('--identity');
      expect(await readdir(machine)).toEqual([]);
    },
    90_000,
  );

  it.skipIf(isSkipped)(
    'says what is wrong with a kit, a key or a place',
    async () => {
      const text = await readFile(kit, 'utf8');
      const [secret = ''] = /^AGE-SECRET-KEY.*$/m.exec(text) ?? [];
      const cases: readonly (readonly [name: string, text: string, exit: number, code: string])[] = [
        [
          'mistyped',
          text.replace(secret, `${secret.slice(0, -1)}${secret.endsWith('Q') ? 'P' : 'Q'}`),
          2,
          'LS-REPO-030',
        ],
        ['cut off', text.slice(0, 500), 2, 'LS-BACKUP-009'],
        ['of two kits', text.replace(secret, others.secret), 2, 'LS-BACKUP-009'],
        [
          'signed by another',
          text.replace(/^# signing-key.*\n# signing-key-id.*$/m, others.signing),
          12,
          'LS-REPO-002',
        ],
        [
          'with a mistyped signing key',
          text.replace(
            /^(# signing-key: )(.)/m,
            (_, start: string, letter: string) => `${start}${letter === 'A' ? 'B' : 'A'}`,
          ),
          2,
          'LS-BACKUP-009',
        ],
        [
          'of another key',
          text
            .replace(secret, others.secret)
            .replaceAll(/^# recovery-key: .*$/gm, `# recovery-key: ${others.key}`),
          12,
          'LS-REPO-029',
        ],
        isS3
          ? [
              'of another bucket',
              text.replace(/^# s3-bucket: .*$/m, '# s3-bucket: not-there'),
              2,
              'LS-REPO-023',
            ]
          : [
              'not mounted',
              text.replace(/^# directory: .*$/m, `# directory: ${join(root, 'not-there')}`),
              10,
              'LS-REPO-001',
            ],
      ];
      for (const [name, altered, exit, code] of cases) {
        const file = join(root, 'altered.txt');
        await writeFile(file, altered, { mode: 0o600 });
        const result = await onMachine('restore', '--kit', file, '--all', 'town');
        expect(`${name}: ${result.exit} ${result.stderr}`).toContain(`${name}: ${exit} ${code}`);
        expect(result.stderr).toMatch(/fix: /);
        expect(result.stderr + result.stdout).not.toContain(secret);
      }
      if (isS3) {
        const without = await leitstand(['backup', 'list', '--kit', kit], { cwd: machine });
        expect(without.exit).toBe(4);
        expect(without.stderr).toContain('AWS_ACCESS_KEY_ID');
        const wrong = await leitstand(['backup', 'list', '--kit', kit], {
          cwd: machine,
          env: { ...bucketEnv, AWS_SECRET_ACCESS_KEY: 'wrong' },
        });
        expect(wrong.exit).toBe(4);
      }
      expect(await readdir(machine)).toEqual([]);
    },
    120_000,
  );

  it.skipIf(isSkipped)(
    'is restored as a whole, and goes on',
    async () => {
      const restored = await onMachine('restore', '--kit', kit, '--all', 'town');
      expect(restored.exit, `${restored.stderr}`).toBe(0);
      expect(restored.stdout).toContain('SLACK_WEBHOOK_URL');
      expect(restored.stdout).toContain('in .env (chmod 600)');
      expect(restored.stdout).toContain('leitstand up');
      expect(await readdir(machine)).toEqual(['town']);
      expect((await stat(join(town, '.leitstand/keys/signing.pem'))).mode & 0o777).toBe(0o400);
      const again = await onMachine('restore', '--kit', kit, '--all', 'town');
      expect(again.exit).toBe(6);
      expect(again.stderr).toContain('LS-BACKUP-012');

      // A person puts back what no backup holds.
      const refused = await inTown('up');
      expect(refused.exit).toBe(2);
      expect(refused.stderr).toContain('SLACK_WEBHOOK_URL');
      await copyFile(join(root, 'password-safe'), join(town, '.env'));
      const up = await inTown('up');
      expect(up.exit, `${up.stderr}`).toBe(0);
      expect(await metricOf(stack.ports.prometheus, before)).toBe(before);

      const backup = await eventually(
        () => inTown('backup'),
        ({ exit }) => exit === 0,
        90_000,
      );
      expect(backup.stderr).not.toContain('LS-BACKUP-008');
      if (!isS3) {
        const drill = await inTown('drill', '--source', 'prometheus');
        expect(drill.exit, `${drill.stdout}${drill.stderr}`).toBe(0);
        expect((await inTown('doctor')).stdout).not.toContain('keys');
        await opensOldOnesByKeyAlone();
        await passesOverWrongKeys();
      }
      const list = await inTown('backup', 'list');
      expect(list.stdout).toContain('opens here');
      // Those of the old machine need the key by now.
      expect(list.stdout).toContain('needs --identity');
      const status = await inTown('status');
      expect(status.stdout).toMatch(/recovery-key +age1\w+ +proven/);
    },
    300_000,
  );
});

function last({ stdout }: Outcome): string {
  return stdout.trim().split('\n').at(-1) ?? '';
}

/** The oldest sample of the old machine: time and value, as `before` has them. */
async function metricOf(port: number, before?: string): Promise<string> {
  const [at] = (before ?? '').split(' ');
  const time = before === undefined ? '' : `&time=${at}`;
  const query = encodeURIComponent('min_over_time(timestamp(up{job="prometheus"})[1h:1s])');
  const { body } = await httpExchange(`http://127.0.0.1:${port}/api/v1/query?query=${query}${time}`);
  const { data } = JSON.parse(body) as {
    readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
  };
  const [now, value] = data.result[0]?.value ?? [0, ''];
  return `${now} ${value}`;
}

/** A stack of somebody else: its kit's keys. */
async function makeOther(directory: string, kit: string) {
  await mkdir(directory, { recursive: true });
  const init = await leitstand(['init', '--yes', '--kit', kit], { cwd: directory });
  expect(init.exit, `${init.stderr}`).toBe(0);
  const text = await readFile(kit, 'utf8');
  const [secret = ''] = /^AGE-SECRET-KEY.*$/m.exec(text) ?? [];
  const [signing = ''] = /^# signing-key:.*\n# signing-key-id:.*$/m.exec(text) ?? [];
  const [, key = ''] = /^# recovery-key: (\S+)$/m.exec(text) ?? [];
  return { secret, signing, key };
}
