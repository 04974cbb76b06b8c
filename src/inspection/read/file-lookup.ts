import { basename, dirname } from 'node:path';
import { globExpression } from '../belonging.ts';

/**
 * Answers whether a file exists from a list of names: false only in the directories that the list is complete about,
 * the ones at and below `roots`; undefined elsewhere.
 */
export function fileLookup(
  names: readonly string[],
  roots: readonly string[],
): (pattern: string) => boolean | undefined {
  const byFolder = new Map<string, string[]>();
  for (const name of names) {
    const folder = dirname(name);
    const entries = byFolder.get(folder) ?? [];
    entries.push(basename(name));
    byFolder.set(folder, entries);
  }
  return (pattern) => {
    const folder = dirname(pattern);
    // Patterns for directories are not followed.
    if (folder.includes('*') || !roots.some((root) => isBelow(folder, root))) return undefined;
    const expression = globExpression(basename(pattern));
    return (byFolder.get(folder) ?? []).some((entry) => expression.test(entry));
  };
}

function isBelow(folder: string, root: string): boolean {
  if (root === '.') return !folder.startsWith('/') && !folder.startsWith('..');
  return folder === root || folder.startsWith(`${root.replace(/\/$/, '')}/`);
}
