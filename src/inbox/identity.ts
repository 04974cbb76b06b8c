import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, link, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import { systemErrorCode } from '../platform/errors.ts';
import { ensureDirectory, readTextIfExists, unfinishedName, writeFileAtomic } from '../platform/files.ts';
import { createAuthority, createServerIdentity, type Identity } from './certificate.ts';
import { inboxErrors } from './errors.ts';
import { CA_FILE } from './place.ts';

const AUTHORITY_DAYS = 3650;
/** Made anew at a start within this time before it ends. */
const RENEWAL_MS = 30 * 86_400_000;
/** Key and certificate in one file, so that one rename changes both. */
const AUTHORITY_FILE = 'authority.pem';
const SERVER_FILE = 'server.pem';
const PRIVATE = 0o600;
const PUBLIC = 0o644;

export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1'];

/**
 * The server's certificate out of `directory`, made where it is missing, damaged, not for these names, or ends within
 * 30 days. Its authority stays the same for ten years; `ca.pem` is its public half. Two processes that begin at once
 * agree on one authority. Throws LS-INBOX-002 when the directory cannot be used.
 */
export async function ensureIdentity(
  directory: string,
  { names, clock }: { readonly names: readonly string[]; readonly clock: Clock },
): Promise<Identity> {
  const now = clock.now();
  try {
    await ensureDirectory(directory, 0o755);
    const authority = await ensureAuthority(join(directory, AUTHORITY_FILE), now);
    await publish(join(directory, CA_FILE), authority.certificate);
    const file = join(directory, SERVER_FILE);
    const known = await readIdentity(file);
    if (known && isUsable(known, now) && isFor(known, authority, names)) return known;
    const made = await makeServerIdentity(names, { now, authority });
    await writeFileAtomic(file, `${made.key}${made.certificate}`, { mode: PRIVATE });
    return made;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined || code.startsWith('ERR_')) throw error;
    throw inboxErrors.error('LS-INBOX-002', {
      what: `the certificate of the inbox cannot be kept in ${directory}`,
      why: error instanceof Error ? error.message : undefined,
      fix: `see that the directory belongs to you and has room: ls -ld ${directory}; df -h ${directory}`,
      cause: error,
    });
  }
}

/** A certificate that is kept nowhere, of an authority that nobody knows. */
export function makeServerIdentity(
  names: readonly string[],
  { now, authority }: { readonly now: Date; readonly authority?: Identity },
): Promise<Identity> {
  return createServerIdentity(
    { commonName: 'Leitstand inbox', now, days: AUTHORITY_DAYS / 2, names },
    authority,
  );
}

async function ensureAuthority(file: string, now: Date): Promise<Identity> {
  const known = await readIdentity(file);
  if (known && isUsable(known, now)) return known;
  const made = await createAuthority({ commonName: 'Leitstand inbox authority', now, days: AUTHORITY_DAYS });
  const text = `${made.key}${made.certificate}`;
  // Making it takes time, in which another process may have been first.
  const other = await readIdentity(file);
  if (other && isUsable(other, now)) return other;
  if (known !== undefined || (await readTextIfExists(file)) !== undefined) {
    await writeFileAtomic(file, text, { mode: PRIVATE });
    return made;
  }
  return (await linkIfAbsent(file, text)) ? made : ensureAuthority(file, now);
}

/** False when another process was first. */
async function linkIfAbsent(file: string, text: string): Promise<boolean> {
  const temporary = unfinishedName(file);
  await writeFileAtomic(temporary, text, { mode: PRIVATE });
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function publish(file: string, certificate: string): Promise<void> {
  if ((await readTextIfExists(file)) === certificate) await chmod(file, PUBLIC);
  else await writeFileAtomic(file, certificate, { mode: PUBLIC });
}

const BLOCKS =
  /^(-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n)(-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n)$/;

/** Undefined when it is not there or not ours: then it is made anew. */
async function readIdentity(file: string): Promise<Identity | undefined> {
  const [, key, certificate] = BLOCKS.exec((await readTextIfExists(file)) ?? '') ?? [];
  return key !== undefined && certificate !== undefined ? { key, certificate } : undefined;
}

function isUsable({ certificate, key }: Identity, now: Date): boolean {
  try {
    const parsed = new X509Certificate(certificate);
    const lastsLong = parsed.validToDate.getTime() - now.getTime() > RENEWAL_MS;
    return lastsLong && parsed.validFromDate <= now && parsed.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isFor(identity: Identity, authority: Identity, names: readonly string[]): boolean {
  const parsed = new X509Certificate(identity.certificate);
  return (
    parsed.checkIssued(new X509Certificate(authority.certificate)) &&
    parsed.verify(new X509Certificate(authority.certificate).publicKey) &&
    names.every((name) => (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined)
  );
}
