import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import assert from 'node:assert/strict';
import { type Clock, systemClock } from '../src/platform/clock.ts';
import { LeitstandError } from '../src/platform/errors.ts';
import { readTextIfExists } from '../src/platform/files.ts';
import { keyIdOf, loadOrCreateSigningKey, type SigningKey } from '../src/repository/keys.ts';
import {
  type EncryptionOptions,
  initialiseRepository,
  loadOrCreateHostKey,
  makeRecoveryKey,
  openPackKeys,
  openRepository,
  parseIdentities,
  type Repository,
} from '../src/repository/repository.ts';
import { openDirectoryStore } from '../src/repository/stores/directory/index.ts';
import type { Capture, CaptureEntry } from '../src/stack/source.ts';
import type { Retention } from '../src/stack/stack.ts';
import type { Store } from '../src/stack/store.ts';

export const HOUR_MS = 3_600_000;
export const SOURCE = 'prometheus';

/** Everything that is not needed goes as soon as the bargain about times allows it. */
export function pruneRequest(policy: Retention = { days: 1, weeks: 0, months: 0, years: 0 }) {
  return { policy: () => policy, verified: new Set<string>(), expected: [], dryRun: false, much: true };
}

export function newSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicKey, keyId: keyIdOf(publicKey) };
}

/** A host whose clock is so many hours ahead. */
export function hostOptions(signingKey: SigningKey, aheadHours = 0) {
  const clock: Clock = {
    ...systemClock,
    now: () => new Date(systemClock.now().getTime() + aheadHours * HOUR_MS),
  };
  return { clock, random: (size: number): Uint8Array => randomBytes(size), signingKey };
}

/** The store in which it is so many hours later than it is: for what may be done only after days. */
function laterStore(store: Store, hours: number): Store {
  return { ...store, time: async () => new Date((await store.time()).getTime() + hours * HOUR_MS) };
}

export interface Place {
  readonly directory: string;
  readonly repository: string;
  readonly keys: string;
}

export function placeIn(directory: string): Place {
  return { directory, repository: join(directory, 'repository'), keys: join(directory, 'keys') };
}

/** `encrypted`: what is written from now on; the recovery key lies in the place as well, for who looks after it. */
export async function initialise(place: Place, encrypted = false): Promise<void> {
  const key = await loadOrCreateSigningKey(place.keys);
  if (encrypted) {
    const { secret, recipient } = await makeRecoveryKey();
    await writeFile(join(place.directory, RECOVERY_KEY), `${secret.reveal()}\n`, { mode: 0o600 });
    await writeFile(join(place.directory, RECIPIENT), recipient);
  }
  const encryption = await encryptionOf(place);
  await initialiseRepository(openDirectoryStore(place.repository), { ...hostOptions(key), ...encryption });
}

/** As the host does that backs up: an encrypted repository without the recovery key. */
export async function openAt(place: Place, laterHours = 0): Promise<Repository> {
  const signingKey = await loadOrCreateSigningKey(place.keys);
  const store = laterStore(openDirectoryStore(place.repository), laterHours);
  return openRepository(store, { ...hostOptions(signingKey, laterHours), ...(await encryptionOf(place)) });
}

/** As somebody does who has the recovery key as well. */
export async function openRecovered(place: Place): Promise<Repository> {
  const signingKey = await loadOrCreateSigningKey(place.keys);
  const text = await readTextIfExists(join(place.directory, RECOVERY_KEY));
  const identities = text === undefined ? [] : await parseIdentities(text);
  return openRepository(openDirectoryStore(place.repository), { ...hostOptions(signingKey), identities });
}

const RECOVERY_KEY = 'recovery.key';
const RECIPIENT = 'recovery.pub';

async function encryptionOf({ directory, keys }: Place): Promise<{ encryption?: EncryptionOptions }> {
  const recipient = await readTextIfExists(join(directory, RECIPIENT));
  if (recipient === undefined) return {};
  const hostKey = await loadOrCreateHostKey(keys);
  return { encryption: { recipients: [recipient], hostKey, packKeys: openPackKeys(keys) } };
}

export interface SourceFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly mtime?: Date;
}

export async function writeFiles(root: string, files: readonly SourceFile[]): Promise<void> {
  for (const { path, content, mtime } of files) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    if (mtime) await utimes(file, mtime, mtime);
  }
}

export async function captureTree(root: string): Promise<Capture> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const entries = files
    .sort()
    .map((file): CaptureEntry => ({ path: relative(root, file), file, class: 'mutable' }));
  return captureEntries(entries);
}

export function captureEntries(entries: readonly CaptureEntry[]): Capture {
  return {
    cutoff: '2026-08-01T12:00:00.000Z',
    entries,
    expectations: [],
    knownLoss: [],
    writer: { program: 'prometheus', version: '3.16.0' },
    release: async () => undefined,
  };
}

/** Relative path → content of every file below; nothing when there is no such directory. */
export async function readFiles(root: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const name of await readdir(root, { recursive: true }).catch(() => [])) {
    const file = join(root, name);
    if ((await lstat(file)).isFile()) found.set(name, await readFile(file));
  }
  return found;
}

export async function assertSameFiles(found: string, wanted: string): Promise<void> {
  const [have, want] = [await readFiles(found), await readFiles(wanted)];
  assert.deepEqual([...have.keys()].sort(), [...want.keys()].sort());
  for (const [path, content] of want) assert.ok(have.get(path)?.equals(content), `${path} is another file`);
}

/** Every record holds, and everything that a snapshot names is there and decodes. */
export async function assertValid(repository: Repository): Promise<void> {
  assert.deepEqual((await repository.survey()).refused, []);
  const { findings, misread, undecoded } = await repository.verify({ level: 'content' });
  assert.deepEqual({ findings, misread, undecoded }, { findings: [], misread: [], undecoded: [] });
}

/** The error with a code that it must end with: anything else is a bug of ours. */
export async function refusalOf(work: Promise<unknown>): Promise<LeitstandError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    assert.ok(error instanceof LeitstandError, `not told in our words: ${describeError(error)}`);
    assert.ok(error.details.what !== '' && error.details.fix !== undefined, `no fix: ${error.message}`);
    return error;
  }
}

export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
