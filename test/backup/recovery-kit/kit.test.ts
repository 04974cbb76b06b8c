import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecoveryKit } from '../../../src/backup/recovery-kit/kit.ts';
import { kitText } from '../../../src/backup/recovery-kit/kit-text.ts';
import { outdatedIn } from '../../../src/backup/recovery-kit/outdated.ts';
import { isKit, parseKit } from '../../../src/backup/recovery-kit/parse-kit.ts';
import { keyIdOf, rawPublicKey } from '../../../src/repository/keys.ts';
import { makeRecoveryKey, parseIdentities } from '../../../src/repository/repository.ts';
import { LANGUAGES } from '../../../src/stack/language.ts';
import type { StorePlace } from '../../../src/stack/stack.ts';

const key = await makeRecoveryKey();
const other = await makeRecoveryKey();
const { publicKey } = generateKeyPairSync('ed25519');

const BUCKET: StorePlace = {
  kind: 's3',
  bucket: 'sva-monitoring-backups',
  prefix: 'towns/north',
  region: 'eu-central-1',
  endpoint: 'https://minio.example.org',
  pathStyle: true,
};

function kitOf(parts: Partial<RecoveryKit> = {}): RecoveryKit {
  return {
    stack: 'rathaus-nord',
    madeAt: '2026-11-24T19:53:03.000Z',
    version: '0.1.0',
    recoveryKeys: [key.recipient],
    secretKey: key.secret,
    publicKey,
    store: BUCKET,
    ...parts,
  };
}

const english = { language: 'en', isOnMachine: false } as const;

describe('a recovery kit', () => {
  it.each(LANGUAGES)('reads as it is written, and is as people see it (%s)', async (language) => {
    const text = kitText(kitOf(), { language, isOnMachine: true });
    const read = await parseKit(text);
    const { secretKey, publicKey: readKey, store, ...rest } = read;
    expect(rest).toMatchObject({ stack: 'rathaus-nord', version: '0.1.0', recoveryKeys: [key.recipient] });
    expect(secretKey?.reveal()).toBe(key.secret.reveal());
    expect(rawPublicKey(readKey)).toEqual(rawPublicKey(publicKey));
    expect(store).toEqual({ ...BUCKET, caFile: undefined });
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(90);
    const shown = text
      .replaceAll(key.recipient, 'age1THE-PUBLIC-HALF')
      .replaceAll(key.secret.reveal(), 'AGE-SECRET-KEY-1THE-SECRET-HALF')
      .replace(/^(# signing-key: ).*$/m, '$1THE-SIGNING-KEY')
      .replace(/^(# signing-key-id: ).*$/m, '$1THE-ID');
    await expect(shown).toMatchFileSnapshot(`../../golden/recovery-kit/${language}.txt`);
  });

  it('is an identity file of age, and the stock program opens with it what is encrypted to its key', async () => {
    const text = kitText(kitOf(), english);
    expect((await parseIdentities(text)).map(({ recipient }) => recipient)).toEqual([key.recipient]);
    const age = spawnSync('age', ['--version']);
    if (age.status !== 0) return;
    const directory = await mkdtemp(join(tmpdir(), 'leitstand-kit-'));
    try {
      await writeFile(join(directory, 'kit.txt'), text, { mode: 0o600 });
      const sealed = spawnSync('age', ['-r', key.recipient], { input: 'backup' });
      const opened = spawnSync('age', ['-d', '-i', join(directory, 'kit.txt')], { input: sealed.stdout });
      expect(opened.stdout.toString()).toBe('backup');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('is read from paper as well: other line ends, no marks, spaces, another place', async () => {
    const text = kitText(kitOf(), english);
    for (const copied of [
      text.replaceAll('\n', '\r\n'),
      text.replaceAll(/^# ?/gm, ''),
      text.replaceAll(/^/gm, '   '),
      `\uFEFF${text}`,
      text.replace(/^AGE/m, '# AGE'),
      text.replace(key.secret.reveal(), key.secret.reveal().toLowerCase()),
      text.replace(key.secret.reveal(), key.secret.reveal().replaceAll(/(.{4})/g, '$1 ')),
    ])
      expect((await parseKit(copied)).identities.map(({ recipient }) => recipient)).toEqual([key.recipient]);
    const moved = text
      .replaceAll(/^# s3-.*\n/gm, '')
      .replace('# signing-key:', '# directory: /mnt/stick\n# signing-key:');
    expect((await parseKit(moved)).store).toEqual({ kind: 'directory', path: '/mnt/stick' });
  });

  it('without a secret leads to the backups and opens none', async () => {
    const text = kitText(kitOf({ secretKey: undefined }), english);
    expect(text).toContain('To 2, add --identity FILE');
    expect(kitText(kitOf(), english)).not.toContain('--identity');
    expect(text).not.toContain('AGE-SECRET-KEY');
    expect((await parseKit(text)).identities).toEqual([]);
    const plain = kitText(kitOf({ secretKey: undefined, recoveryKeys: [] }), english);
    expect(plain).not.toContain('--identity');
    expect(plain).toContain('not encrypted');
    expect((await parseKit(plain)).recoveryKeys).toEqual([]);
  });

  it('never holds credentials', () => {
    const { secret } = other;
    const store: StorePlace = { ...BUCKET, credentials: { accessKeyId: secret, secretAccessKey: secret } };
    expect(kitText(kitOf({ store }), english)).not.toContain(secret.reveal());
  });

  it.each([
    ['is none', () => 'schema: 1\nstack: a\n', 'LS-BACKUP-009'],
    ['is of another form', (text: string) => text.replace('recovery-kit: 1', 'recovery-kit: 2'), 'newer'],
    ['was cut off', (text: string) => text.slice(0, text.indexOf('# signing-key')), 'signing-key'],
    ['is two in one', (text: string) => text + text, 'twice'],
    [
      'lacks the first letter of its secret',
      (text: string) => text.replace('AGE-SECRET', 'GE-SECRET'),
      'no secret key of age',
    ],
    [
      'has another secret',
      (text: string) => text.replace(key.secret.reveal(), other.secret.reveal()),
      'does not belong',
    ],
    ['names no place', (text: string) => text.replaceAll(/^# s3-.*\n/gm, ''), 'place'],
    [
      'names two places',
      (text: string) => text.replace('# s3-bucket', '# directory: /a\n# s3-bucket'),
      'place',
    ],
  ])('that %s is refused, and nothing secret is quoted', async (_, alter, expected) => {
    const text = alter(kitText(kitOf(), english));
    const error = (await parseKit(text, 'kit.txt').catch((caught: unknown) => caught)) as Error;
    expect(JSON.stringify(error) + error.message).toContain(expected);
    for (const { secret } of [key, other])
      expect(JSON.stringify(error)).not.toContain(secret.reveal().slice(20, 40));
  });

  it('shows every mistyped character of its keys', async () => {
    const text = kitText(kitOf(), english);
    const signing = rawPublicKey(publicKey).toString('base64');
    const parts = [key.recipient.slice(4), key.secret.reveal().slice(16), signing.slice(0, 42)];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...parts),
        fc.nat(),
        fc.constantFrom(...'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.split('')),
        async (part, place, letter) => {
          const at = place % part.length;
          const typed = part === part.toUpperCase() ? letter.toUpperCase() : letter;
          fc.pre(part[at] !== typed);
          const altered = text.replace(part, part.slice(0, at) + typed + part.slice(at + 1));
          await expect(parseKit(altered)).rejects.toThrow(/LS-BACKUP-009|LS-REPO-030/);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('says what is not so any more', () => {
    const now = kitOf();
    expect(outdatedIn(now, now)).toEqual([]);
    const moved = { ...now, store: { kind: 'directory', path: '/mnt/backup' } } as const;
    expect(outdatedIn(moved, now)).toEqual([
      expect.stringMatching(/^backups are in s3-bucket: .*says directory: /),
    ]);
    const { publicKey: another } = generateKeyPairSync('ed25519');
    expect(outdatedIn({ ...now, publicKey: another }, now)).toEqual([
      expect.stringContaining(`the kit knows ${keyIdOf(another)}`),
    ]);
  });

  it('is told from an identity file', () => {
    expect(isKit(kitText(kitOf(), english))).toBe(true);
    expect(isKit(`# public key: ${key.recipient}\n${key.secret.reveal()}\n`)).toBe(false);
  });
});
