import { fchmodSync, fsyncSync, lstatSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { systemErrorCode } from '../platform/errors.ts';
import { repositoryErrors } from './errors.ts';
import { type DirectoryEntry, type SymlinkEntry, targetBytes } from './file-entry.ts';
import type { RestoreDirectories, Way } from './restore-directories.ts';
import { writing } from './restore-errors.ts';
import { applyLinkMetadata, applyMetadata } from './restore-metadata.ts';
import { ownerIds, type RestoreOwner } from './restore-owner.ts';
import { type RawPath, shownPath } from './restore-paths.ts';
import { FEW, syncFileSystem } from './restore-sync.ts';

const PRIVATE_BITS = 0o700;

/**
 * The directories and symbolic links of a restore. Links are made when every file is in its place, so that none leads a
 * file elsewhere; directories get their mode and time last, when nothing is written into them any more.
 */
export class RestoreOthers {
  readonly #root: string;
  readonly #directories: RestoreDirectories;
  readonly #owner: RestoreOwner | undefined;
  readonly #links: { readonly path: RawPath; readonly entry: SymlinkEntry }[] = [];
  readonly #made: { readonly path: RawPath; readonly entry: DirectoryEntry }[] = [];

  constructor(root: string, directories: RestoreDirectories, owner: RestoreOwner | undefined) {
    this.#root = root;
    this.#directories = directories;
    this.#owner = owner;
  }

  addLink(path: RawPath, entry: SymlinkEntry): void {
    this.#links.push({ path, entry });
  }

  /** It is there from now on, and as open to others as it will be. */
  makeDirectory(path: RawPath, entry: DirectoryEntry): void {
    const descriptor = this.#directories.descriptorOf(path, ownerIds(this.#owner, entry));
    writing(shownPath(this.#root, path), () => fchmodSync(descriptor, (entry.mode & 0o777) | PRIVATE_BITS));
    this.#made.push({ path, entry });
  }

  /** `mayReplace`: whether what is there is of an earlier, unfinished restore. Returns how many there are. */
  makeLinks(mayReplace: (path: RawPath) => boolean): number {
    for (const { path, entry } of this.#links) {
      const way = this.#directories.wayTo(path, ownerIds(this.#owner, entry));
      const target = targetBytes(entry);
      const isFree = mayReplace(path);
      writing(shownPath(this.#root, path), () => {
        if (isFree && !isLinkTo(way, target)) removeIfThere(way);
        if (!isFree || !isLinkTo(way, target)) makeLink(way, target, shownPath(this.#root, path));
        applyLinkMetadata(way, entry, this.#owner);
      });
    }
    return this.#links.length;
  }

  /** Owner, mode and time, the deepest first: a directory that may not be entered any more is done with. */
  async finishDirectories(): Promise<void> {
    this.#made.sort((a, b) => (a.path < b.path ? 1 : -1));
    const isFew = this.#made.length <= FEW;
    for (const { path, entry } of this.#made) this.#finish(path, entry, isFew);
    if (isFew || (await syncFileSystem(this.#root))) return;
    for (const { path, entry } of this.#made) this.#finish(path, entry, true);
  }

  #finish(path: RawPath, entry: DirectoryEntry, isSynced: boolean): void {
    const descriptor = this.#directories.descriptorOf(path, ownerIds(this.#owner, entry));
    writing(shownPath(this.#root, path), () => {
      applyMetadata(descriptor, entry, this.#owner);
      if (isSynced) fsyncSync(descriptor);
    });
  }
}

function isLinkTo(way: Way, target: Buffer): boolean {
  try {
    return readlinkSync(way, { encoding: 'buffer' }).equals(target);
  } catch (error) {
    if (['ENOENT', 'EINVAL'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}

function removeIfThere(way: Way): void {
  const found = lstatSync(way, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) unlinkSync(way);
}

function makeLink(way: Way, target: Buffer, shown: string): void {
  try {
    symlinkSync(target, way);
  } catch (cause) {
    if (systemErrorCode(cause) !== 'EPERM') throw cause;
    throw repositoryErrors.error('LS-REPO-018', {
      what: `could not write ${shown}`,
      why: 'its file system has no symbolic links',
      where: { file: shown },
      fix: `choose a target on another file system, or leave it out with --exclude ${shown.split('/').at(-1)}`,
      cause,
    });
  }
}
