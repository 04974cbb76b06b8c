import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  loadHostKey,
  loadOrCreateHostKey,
  makeRecoveryKey,
  parseIdentities,
  parseRecipient,
  proveRecoveryKey,
} from '../../../src/repository/repository.ts';
import { refusal, scratch } from '../fixture.ts';

/** Of the example in age's documentation; of no worth. */
const SECRET = 'AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0';

describe('an identity file', () => {
  it('has keys, comments and empty lines', async () => {
    const other = await makeRecoveryKey();
    const text = `# created: 2026-08-01\r\n\n  ${SECRET}\n${other.secret.reveal().toLowerCase()}\n#${SECRET}\n`;
    const identities = await parseIdentities(text);
    expect(identities.map(({ recipient }) => recipient)).toEqual([
      expect.stringMatching(/^age1[a-z0-9]{58}$/),
      other.recipient,
    ]);
    expect(inspect(identities) + JSON.stringify(identities)).not.toMatch(/AGE-SECRET-KEY-1/i);
  });

  it.each([
    ['a mistyped key', SECRET.replace('EGT', 'EGG'), 'mistyped'],
    ['a public half', 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj', 'public half'],
    ['a key of a plug-in', 'AGE-PLUGIN-YUBIKEY-1QQ', 'another kind'],
    ['an encrypted file', 'age-encryption.org/v1', 'encrypted file'],
    ['a password', 'hunter2 is my password', 'something else'],
  ])('with %s is refused without quoting it', async (_, line, why) => {
    const error = await refusal(parseIdentities(`# mine\n${line}\n`, '/media/usb/key.txt'));
    expect(error).toMatchObject({ code: 'LS-REPO-030', exit: 2 });
    expect(error.details).toMatchObject({ where: { file: '/media/usb/key.txt', line: 2 } });
    expect(error.details.why).toContain(why);
    expect(JSON.stringify(error)).not.toContain(line);
  });

  it('without a key is refused', async () => {
    expect(await refusal(parseIdentities('# nothing\n'))).toMatchObject({ code: 'LS-REPO-030' });
  });
});

describe('a recipient', () => {
  it('is the public half of a key', async () => {
    const { recipient } = await makeRecoveryKey();
    expect(parseRecipient(` ${recipient}\n`)).toBe(recipient);
    const wrong = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`;
    expect(() => parseRecipient(wrong)).toThrow(/no public key/);
    expect(() => parseRecipient(recipient.toUpperCase())).toThrow(/LS-REPO-030/);
    expect(() => parseRecipient('ssh-ed25519 AAAA')).toThrow(/LS-REPO-030/);
  });

  it('that is a secret half by mistake is not quoted', async () => {
    const badly = [`key: ${SECRET.toLowerCase()}`, SECRET.slice(1), SECRET.slice(12), SECRET.slice(17)];
    for (const text of badly) {
      const error = await refusal((async () => parseRecipient(text))());
      expect(error.details.what).toContain('secret half');
      expect(JSON.stringify(error).toUpperCase()).not.toContain(SECRET.slice(20, 30));
    }
  });
});

describe('the proof of a recovery key', () => {
  it('says of each recipient whether its secret half is here', async () => {
    const [mine, other] = [await makeRecoveryKey(), await makeRecoveryKey()];
    const both = [mine.recipient, other.recipient];
    expect(await proveRecoveryKey([mine.recipient], [mine])).toMatchObject({ proven: true });
    expect(await proveRecoveryKey(both, [mine, other])).toMatchObject({ proven: true });
    expect(await proveRecoveryKey(both, [mine])).toEqual({
      proven: false,
      recipients: [
        { recipient: mine.recipient, opens: true },
        { recipient: other.recipient, opens: false },
      ],
    });
    expect(await proveRecoveryKey([other.recipient], [mine])).toMatchObject({ proven: false });
    expect(await proveRecoveryKey([mine.recipient], [])).toMatchObject({ proven: false });
  });
});

describe('the host key', () => {
  it('is made once, privately, also by several at once', async () => {
    const directory = join(scratch(), 'keys');
    expect(await loadHostKey(directory)).toBeUndefined();
    const keys = await Promise.all(Array.from({ length: 4 }, () => loadOrCreateHostKey(directory)));
    expect(new Set(keys.map(({ recipient }) => recipient)).size).toBe(1);
    expect((await loadHostKey(directory))?.recipient).toBe(keys[0]?.recipient);
    expect((await stat(join(directory, 'host.age'))).mode & 0o777).toBe(0o400);
    expect(await readdir(directory)).toEqual(['host.age']);
  });

  it('that others can read, or that is none, is refused', async () => {
    const directory = scratch();
    await loadOrCreateHostKey(directory);
    const path = join(directory, 'host.age');
    await chmod(path, 0o440);
    expect(await refusal(loadHostKey(directory))).toMatchObject({ code: 'LS-REPO-031', exit: 6 });
    const text = await readFile(path, 'utf8');
    await rm(path);
    await writeFile(path, text.slice(0, -9), { mode: 0o600 });
    const error = await refusal(loadOrCreateHostKey(directory));
    expect(error).toMatchObject({ code: 'LS-REPO-031' });
    expect(JSON.stringify(error)).not.toContain('AGE-SECRET-KEY-1');
  });
});
