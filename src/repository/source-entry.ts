import { type BigIntStats, lstatSync, readlinkSync } from 'node:fs';
import { byWay } from '../platform/long-paths.ts';
import { spellBytes } from '../platform/path-spelling.ts';
import { fileWay } from '../platform/walk-tree.ts';
import type { CaptureEntry } from '../stack/source.ts';
import type { DirectoryEntry, SymlinkEntry } from './file-entry.ts';

/** A directory or symbolic link. The system's errors are thrown as they come. */
export function readOtherEntry(entry: CaptureEntry): DirectoryEntry | SymlinkEntry {
  return byWay(fileWay(entry), (way) => {
    const stat = lstatSync(way, { bigint: true });
    const isSame = entry.kind === 'directory' ? stat.isDirectory() : stat.isSymbolicLink();
    if (!isSame)
      throw new Error(`it is no ${entry.kind === 'directory' ? 'directory' : 'symbolic link'} any more`);
    const described = describeStat(entry, stat);
    if (entry.kind === 'directory') return { ...described, type: 'directory' };
    return { ...described, type: 'symlink', ...linkTo(entry, readlinkSync(way, { encoding: 'buffer' })) };
  });
}

/** Where the target is no UTF-8, the path is spelled as well: one word is about both. */
function linkTo(
  { path, escaped }: CaptureEntry,
  target: Buffer,
): Pick<SymlinkEntry, 'path' | 'target' | 'escaped'> {
  const spelling = spellBytes(target);
  if (!escaped && !spelling.escaped) return { path, target: spelling.text };
  return {
    path: escaped ? path : spellBytes(Buffer.from(path)).text,
    target: spelling.text,
    escaped: true,
  };
}

/** What every entry has. */
function describeStat({ path, escaped }: CaptureEntry, stat: BigIntStats) {
  return {
    path,
    ...(escaped ? { escaped } : {}),
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: String(stat.mtimeNs),
  };
}
