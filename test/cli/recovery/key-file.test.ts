import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kitText } from '../../../src/backup/recovery-kit/kit-text.ts';
import { CommandInput } from '../../../src/cli/command.ts';
import { identitiesOf, kitOf } from '../../../src/cli/recovery/key-file.ts';
import { type AgeIdentity, makeRecoveryKey } from '../../../src/repository/repository.ts';
import { contextFor } from '../context.ts';

let directory: string;
let key: AgeIdentity;
let kit: string;
let withoutSecret: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-keys-'));
  key = await makeRecoveryKey();
  const parts = {
    stack: 'town',
    madeAt: '2026-11-24T19:53:03.000Z',
    recoveryKeys: [key.recipient],
    publicKey: generateKeyPairSync('ed25519').publicKey,
    store: { kind: 'directory', path: '/mnt/backup' },
  } as const;
  const options = { language: 'en', isOnMachine: false } as const;
  kit = kitText({ ...parts, secretKey: key.secret }, options);
  withoutSecret = kitText(parts, options);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const given = (options: Readonly<Record<string, string>>) => new CommandInput([], options);

describe('a key that is given to a command', () => {
  it('comes from a kit or an identity file, or from stdin', async () => {
    const identity = `# public key: ${key.recipient}\n${key.secret.reveal()}\n`;
    for (const text of [kit, identity]) {
      const said: string[] = [];
      const file = join(directory, 'given.txt');
      await writeFile(file, text, { mode: 0o600 });
      const context = { ...contextFor(directory, said), readInput: async () => text };
      for (const named of ['given.txt', file, '-'])
        expect(
          (await identitiesOf(context, given({ identity: named }))).map(({ recipient }) => recipient),
        ).toEqual([key.recipient]);
      expect(said).toEqual([]);
    }
    expect(await identitiesOf(contextFor(directory), given({}))).toEqual([]);
    expect(await kitOf(contextFor(directory), given({}))).toBeUndefined();
  });

  it('that others can read is used, and warned of', async () => {
    const said: string[] = [];
    const file = join(directory, 'open.txt');
    await writeFile(file, kit);
    await chmod(file, 0o644);
    await identitiesOf(contextFor(directory, said), given({ identity: file }));
    expect(said.join()).toContain('others can read');
    expect(said.join()).not.toContain(key.secret.reveal());
  });

  it.each([
    ['is not there', { identity: 'nowhere.txt' }, '', 'it is not there'],
    ['is a kit without its secret half', { identity: '-' }, 'without', 'LS-BACKUP-010'],
    ['is no key', { identity: '-' }, 'hello', 'LS-REPO-030'],
    ['is no kit', { kit: '-' }, 'hello', 'LS-BACKUP-009'],
    ['is to come twice on stdin', { kit: '-', identity: '-' }, '', 'both come on stdin'],
  ])('that %s is refused', async (_, options, text, expected) => {
    const context = {
      ...contextFor(directory),
      readInput: async () => (text === 'without' ? withoutSecret : text),
    };
    const read = async () => [
      await kitOf(context, given(options)),
      await identitiesOf(context, given(options)),
    ];
    const error = (await read().catch((caught: unknown) => caught)) as Error;
    expect(`${error.message} ${JSON.stringify(error)}`).toContain(expected);
  });
});
