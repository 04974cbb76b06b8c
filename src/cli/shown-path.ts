import { relative } from 'node:path';

/** A path as people would type it here: relative below the current directory, else absolute. */
export function shownPath(cwd: string, path: string): string {
  const near = relative(cwd, path);
  return near === '' ? '.' : near.startsWith('..') ? path : near;
}
