import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { systemErrorCode } from '../../platform/errors.ts';
import { globExpression } from '../belonging.ts';
import { inspectionErrors } from '../errors.ts';
import type { FileKind } from './classify.ts';
import type { TextFile } from './read-model.ts';

const CANDIDATE = /\.(?:ya?ml|rules?)$/i;
const SKIPPED = new Set(['node_modules', '.git', '.venv', 'vendor', '.leitstand']);
const MAX_BYTES = 5 * 1024 * 1024;
const MAX_FILES = 20_000;

export interface DirectoryContent {
  readonly files: readonly TextFile[];
  /** Every file below it, as shown. */
  readonly names: readonly string[];
  /** What could not be read, with the reason. */
  readonly unread: readonly string[];
}

/**
 * Reads every file below the directory that could be one of ours. `shown` turns paths into what people see. Throws
 * LS-CHECK-021 when there is no such directory.
 */
export async function readDirectory(
  directory: string,
  shown: (path: string) => string,
): Promise<DirectoryContent> {
  const unread: string[] = [];
  const refused = (path: string, error: unknown) => {
    const code = systemErrorCode(error);
    // A link to nowhere, or a file that was just removed, is nothing to look at.
    if (code === 'ENOENT') return;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    unread.push(`${shown(path)} may not be read by this user`);
  };
  const paths = await listFiles(directory, refused);
  const files: TextFile[] = [];
  for (const path of paths) {
    if (!CANDIDATE.test(path)) continue;
    try {
      const found = await stat(path);
      if (found.isFile() && found.size <= MAX_BYTES)
        files.push({ file: shown(path), text: await readFile(path, 'utf8') });
    } catch (error) {
      refused(path, error);
    }
  }
  return { files, names: paths.map(shown), unread };
}

/** Links to directories are not followed: they may lead in circles. */
async function listFiles(root: string, refused: (path: string, error: unknown) => void): Promise<string[]> {
  const found: string[] = [];
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = await entriesIn(folder, folder === root, refused);
    for (const entry of entries) {
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) waiting.push(join(folder, entry.name));
      else if (!entry.isDirectory()) found.push(join(folder, entry.name));
    }
    if (found.length > MAX_FILES)
      throw inspectionErrors.error('LS-CHECK-021', {
        what: `${root} holds more than ${MAX_FILES} files`,
        fix: 'name the directory of the monitoring configuration, not one above it',
      });
  }
  return found.sort((a, b) => a.localeCompare(b, 'en'));
}

async function entriesIn(folder: string, isRoot: boolean, refused: (path: string, error: unknown) => void) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isRoot && ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? ''))
      throw inspectionErrors.error('LS-CHECK-021', {
        what: `there is no directory ${folder}`,
        fix: 'name the directory that holds the configuration of Prometheus and Alertmanager',
        cause: error,
      });
    refused(folder, error);
    return [];
  }
}

/** A file that was named by the user: what it is need not be guessed. */
export async function readNamedFile(path: string, shown: string, kind: FileKind): Promise<TextFile> {
  try {
    return { file: shown, text: await readFile(path, 'utf8'), kind };
  } catch (error) {
    if (!['ENOENT', 'EISDIR', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error;
    throw inspectionErrors.error('LS-CHECK-021', {
      what: `there is no file ${shown}`,
      fix: 'correct the path',
      cause: error,
    });
  }
}

/** The files that a pattern of `rule_files` names, seen from the file that holds it; `*` only in the last part. */
export async function filesOfPattern(pattern: string, from: string): Promise<string[]> {
  const path = resolve(dirname(from), pattern);
  const folder = dirname(path);
  const expression = globExpression(path.slice(folder.length + 1));
  const entries = await readdir(folder).catch(() => []);
  return entries.filter((entry) => expression.test(entry)).map((entry) => join(folder, entry));
}
