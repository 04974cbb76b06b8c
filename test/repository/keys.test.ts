import { generateKeyPairSync } from 'node:crypto';
import { chmod, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadHostKey, loadOrCreateHostKey } from '../../src/repository/age/host-key.ts';
import { keyIdOf, loadOrCreateSigningKey, loadPublicKey, loadSigningKey } from '../../src/repository/keys.ts';
import { refusal, scratch } from './fixture.ts';

describe('the signing key', () => {
  it('is made once, private, and loaded afterwards', async () => {
    const directory = join(scratch(), 'keys');
    const made = await loadOrCreateSigningKey(directory);
    expect(made.keyId).toMatch(/^[0-9a-f]{16}$/);
    expect((await stat(join(directory, 'signing.pem'))).mode & 0o777).toBe(0o400);
    expect((await loadOrCreateSigningKey(directory)).keyId).toBe(made.keyId);
    expect(keyIdOf(await loadPublicKey(join(directory, 'signing.pub.pem')))).toBe(made.keyId);
  });

  it('is one key for two processes that make it at once', async () => {
    const directory = join(scratch(), 'keys');
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateSigningKey(directory)));
    expect(new Set(keys.map((key) => key.keyId)).size).toBe(1);
  });

  it('gets its public half back', async () => {
    const directory = join(scratch(), 'keys');
    const { keyId } = await loadOrCreateSigningKey(directory);
    await rm(join(directory, 'signing.pub.pem'));
    await loadOrCreateSigningKey(directory);
    expect(keyIdOf(await loadPublicKey(join(directory, 'signing.pub.pem')))).toBe(keyId);
  });

  it('is not silently replaced when its private half is lost', async () => {
    const directory = join(scratch(), 'keys');
    await loadOrCreateSigningKey(directory);
    await rm(join(directory, 'signing.pem'));
    expect(await refusal(loadOrCreateSigningKey(directory))).toMatchObject({ code: 'LS-REPO-014', exit: 6 });
  });

  it('is told where its directory cannot be used', async () => {
    const [loop, file] = [join(scratch(), 'keys'), join(scratch(), 'keys')];
    await symlink('keys', loop);
    await writeFile(file, '');
    const all = [
      { load: loadOrCreateSigningKey, code: 'LS-REPO-014', directory: loop },
      { load: loadSigningKey, code: 'LS-REPO-014', directory: loop },
      { load: loadOrCreateSigningKey, code: 'LS-REPO-014', directory: file },
      { load: loadOrCreateHostKey, code: 'LS-REPO-031', directory: loop },
      { load: loadHostKey, code: 'LS-REPO-031', directory: loop },
      { load: loadOrCreateHostKey, code: 'LS-REPO-031', directory: file },
    ];
    for (const { load, code, directory } of all) {
      const error = await refusal(load(directory));
      expect(error).toMatchObject({ code, exit: 6 });
      expect(error.details.why).toMatch(/^E(LOOP|EXIST|NOTDIR)$/);
      expect(error.details.fix).toContain(`read and write ${directory},`);
    }
  });

  it('is refused when others can read it', async () => {
    const directory = join(scratch(), 'keys');
    await loadOrCreateSigningKey(directory);
    await chmod(join(directory, 'signing.pem'), 0o440);
    const error = await refusal(loadOrCreateSigningKey(directory));
    expect(error.details.fix).toBe(`chmod 400 ${join(directory, 'signing.pem')}`);
  });

  it('is refused when it is another kind of key, without quoting it', async () => {
    const directory = join(scratch(), 'keys');
    await loadOrCreateSigningKey(directory);
    const path = join(directory, 'signing.pem');
    const other = generateKeyPairSync('x25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    for (const content of [other, 'garbage', '']) {
      await rm(path);
      await writeFile(path, content, { mode: 0o400 });
      const error = await refusal(loadOrCreateSigningKey(directory));
      expect(error.code).toBe('LS-REPO-014');
      expect(JSON.stringify(error.details)).not.toContain(content.split('\n')[1] ?? 'garbage');
    }
    expect(await readFile(path, 'utf8')).toBe('');
  });
});
