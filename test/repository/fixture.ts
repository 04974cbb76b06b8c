import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { LeitstandError } from '../../src/platform/errors.ts';
import { loadOrCreateSigningKey, type SigningKey } from '../../src/repository/keys.ts';
import {
  type EncryptionOptions,
  initialiseRepository,
  type Repository,
} from '../../src/repository/repository.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import type { Capture, CaptureEntry } from '../../src/stack/source.ts';
import type { Store } from '../../src/stack/store.ts';
import { removeTree } from './trees.ts';

export const world = { clock: systemClock, random: (size: number) => randomBytes(size) };

/** A directory of the test's own, gone when the test is. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'leitstand-repository-'));
  onTestFinished(() => clear(directory));
  return directory;
}

function clear(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // A plain user's read-only directories.
    removeTree(directory);
  }
}

export interface Fixture {
  readonly directory: string;
  readonly key: SigningKey;
  readonly store: Store;
  readonly repository: Repository;
}

export async function makeRepository(
  directory = scratch(),
  encryption?: EncryptionOptions,
): Promise<Fixture> {
  const key = await loadOrCreateSigningKey(join(directory, 'keys'));
  const store = openDirectoryStore(join(directory, 'repository'));
  const repository = await initialiseRepository(store, { ...world, signingKey: key, encryption });
  return { directory, key, store, repository };
}

export interface TreeFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly mtime?: Date;
  readonly mode?: number;
}

export async function writeTree(root: string, files: readonly TreeFile[]): Promise<CaptureEntry[]> {
  const entries: CaptureEntry[] = [];
  for (const { path, content, mtime, mode } of files) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, mode === undefined ? {} : { mode });
    if (mtime) await utimes(file, mtime, mtime);
    entries.push({ path, file, class: 'immutable' });
  }
  return entries;
}

export function captureOf(entries: readonly CaptureEntry[]): Capture {
  return {
    cutoff: '2026-08-01T12:00:00.000Z',
    entries,
    expectations: [{ kind: 'sample-counts', subject: 'up', value: { count: 42 } }],
    knownLoss: ['nothing of note'],
    writer: { program: 'prometheus', version: '3.16.0' },
    release: async () => undefined,
  };
}

export function snapshotOf(entries: readonly CaptureEntry[], source = 'prometheus') {
  return { source, stack: 'demo', capture: captureOf(entries) };
}

/** Relative path → content of every file below. */
export async function readTree(root: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const name of await readdir(root, { recursive: true })) {
    const file = join(root, name);
    if ((await lstat(file)).isFile()) found.set(name, await readFile(file));
  }
  return found;
}

export async function objectNames(store: Store, prefix = ''): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names;
}

/** The error a promise rejects with; fails the test when it is none of ours. */
export async function refusal(work: Promise<unknown>): Promise<LeitstandError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof LeitstandError) return error;
    throw error;
  }
  throw new Error('was expected to be refused');
}
