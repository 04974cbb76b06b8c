import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../src/platform/environment.ts';
import { findExecutable } from '../../src/platform/files.ts';
import type { ProgramSpec } from '../../src/stack/program.ts';
import { newestCached } from '../integration/program-cache.ts';

/** The reference implementation of age, as Debian has it. */
export const AGE: ProgramSpec = { name: 'age', debian: { package: 'age', path: 'usr/bin/age' } };

/** Looked for in LEITSTAND_TEST_PROGRAMS (directories), on PATH, and in Leitstand's own cache. */
export async function findAge(): Promise<string | undefined> {
  const directories = `${process.env['LEITSTAND_TEST_PROGRAMS'] ?? ''}:${process.env['PATH'] ?? ''}`;
  const path = await findExecutable('age', directories);
  if (path !== undefined) return path;
  const cached = await newestCached(cacheDirectory(process.env, homedir()), 'age', 'debian');
  return cached && join(cached, 'age');
}
