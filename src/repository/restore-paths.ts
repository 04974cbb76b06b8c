import { join } from 'node:path';
import { isSpelling } from '../platform/path-spelling.ts';
import { type ListEntry, pathBytes } from './file-entry.ts';
import { isSafePath } from './paths.ts';
import { unsafe } from './restore-errors.ts';

/** A path below the target as it is on the disk: each character is a byte (latin1). */
export type RawPath = string;

export const ASCII = /^[\0-\x7f]*$/;

/** Throws LS-REPO-011 for a path that would leave the target. `path`: the entry's, or where it is mapped to. */
export function rawPath(path: string, { escaped }: Pick<ListEntry, 'escaped'>): RawPath {
  if (!isSafePath(path)) throw unsafe(path, 'it would leave the target');
  if (escaped && path.includes('␛') && !isSpelling({ text: path, escaped }))
    throw unsafe(path, 'nobody spells a name like that');
  // One byte for each character: it is spelled as it is.
  if (!escaped && ASCII.test(path)) return path;
  return pathBytes({ path, escaped }).toString('latin1');
}

/** Empty for what is directly below the target. */
export function parentOf(path: RawPath): RawPath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function nameOf(path: RawPath): RawPath {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** For people. */
export function shownPath(root: string, path: RawPath): string {
  return join(root, Buffer.from(path, 'latin1').toString('utf8'));
}
