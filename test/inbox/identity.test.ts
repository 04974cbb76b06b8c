import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureIdentity, LOOPBACK_NAMES } from '../../src/inbox/identity.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';

const DAY_MS = 86_400_000;
let directory = '';

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'identity-')), 'inbox');
});
afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }));

function clockIn(days: number): Clock {
  return { ...systemClock, now: () => new Date(Date.now() + days * DAY_MS) };
}

const ensure = (days = 0, names = LOOPBACK_NAMES) =>
  ensureIdentity(directory, { names, clock: clockIn(days) });
const authority = async () => new X509Certificate(await readFile(join(directory, 'ca.pem')));

describe('the certificate of the inbox', () => {
  it('is signed by an authority of its own, for the names of the loopback', async () => {
    const { key, certificate } = await ensure();
    const [own, ca] = [new X509Certificate(certificate), await authority()];
    expect(own.checkIssued(ca) && own.verify(ca.publicKey)).toBe(true);
    expect(ca.ca).toBe(true);
    expect(own.ca).toBe(false);
    expect(own.checkHost('localhost')).toBe('localhost');
    expect(['127.0.0.1', '::1'].map((ip) => own.checkIP(ip))).toEqual(['127.0.0.1', '::1']);
    expect(own.checkHost('town.example')).toBeUndefined();
    expect(() => createSecureContext({ key, cert: certificate })).not.toThrow();
  });

  it('is kept: keys for its owner, the authority for all', async () => {
    const first = await ensure();
    expect(await ensure()).toEqual(first);
    const modes = Object.fromEntries(
      await Promise.all(
        (await readdir(directory)).map(async (name) => [
          name,
          (await stat(join(directory, name))).mode & 0o777,
        ]),
      ),
    );
    expect(modes).toEqual({ 'authority.pem': 0o600, 'ca.pem': 0o644, 'server.pem': 0o600 });
    expect(await readFile(join(directory, 'ca.pem'), 'utf8')).not.toContain('PRIVATE');
  });

  it('is renewed 30 days before its end, by the same authority', async () => {
    const first = await ensure();
    const ends = new X509Certificate(first.certificate).validToDate.getTime();
    const days = (ends - Date.now()) / DAY_MS;
    expect(await ensure(days - 31)).toEqual(first);
    const ca = (await authority()).fingerprint256;
    const second = await ensure(days - 29);
    expect(second).not.toEqual(first);
    expect((await authority()).fingerprint256).toBe(ca);
  });

  it('has a new authority when the old one ends', async () => {
    await ensure();
    const old = (await authority()).fingerprint256;
    const { certificate } = await ensure(3650 - 29);
    const ca = await authority();
    expect(ca.fingerprint256).not.toBe(old);
    expect(new X509Certificate(certificate).verify(ca.publicKey)).toBe(true);
  });

  it('is made anew for a name it does not have', async () => {
    await ensure();
    const { certificate } = await ensure(0, [...LOOPBACK_NAMES, 'monitoring.town.example', '10.1.2.3']);
    const own = new X509Certificate(certificate);
    expect([own.checkHost('monitoring.town.example'), own.checkIP('10.1.2.3')]).toEqual([
      'monitoring.town.example',
      '10.1.2.3',
    ]);
  });

  it.each(['authority.pem', 'ca.pem', 'server.pem'])('is put right when %s is damaged', async (name) => {
    await ensure();
    await writeFile(join(directory, name), 'nonsense');
    const { certificate } = await ensure();
    expect(new X509Certificate(certificate).verify((await authority()).publicKey)).toBe(true);
  });

  it('is made anew when key and certificate do not belong together', async () => {
    await ensure();
    const [first, second] = [
      await readFile(join(directory, 'server.pem'), 'utf8'),
      await readFile(join(directory, 'authority.pem'), 'utf8'),
    ];
    const mixed =
      second.slice(0, second.indexOf('-----BEGIN C')) + first.slice(first.indexOf('-----BEGIN C'));
    await writeFile(join(directory, 'server.pem'), mixed);
    const { key, certificate } = await ensure();
    expect(() => createSecureContext({ key, cert: certificate })).not.toThrow();
  });

  it('is of one authority, however many begin at once', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => ensure()));
    const ca = await authority();
    for (const { certificate } of all)
      expect(new X509Certificate(certificate).verify(ca.publicKey)).toBe(true);
    expect((await readdir(directory)).toSorted()).toEqual(['authority.pem', 'ca.pem', 'server.pem']);
  });

  it('says so when its directory cannot be used', async () => {
    await writeFile(directory, 'a file is in the way');
    await expect(ensure()).rejects.toMatchObject({
      code: 'LS-INBOX-002',
      details: { fix: expect.stringContaining(directory) },
    });
  });

  it.skipIf(process.getuid?.() === 0)('says so when its directory is not ours', async () => {
    await ensure();
    await chmod(directory, 0o500);
    await rm(join(directory, 'server.pem'), { force: true }).catch(() => undefined);
    await expect(ensure(1800)).rejects.toMatchObject({ code: 'LS-INBOX-002' });
    await chmod(directory, 0o700);
  });
});
