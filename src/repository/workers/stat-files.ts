import { lstatSync } from 'node:fs';
import { systemErrorCode } from '../../platform/errors.ts';
import { byWay } from '../../platform/long-paths.ts';
import { fileWay } from '../../platform/walk-tree.ts';
import { type FileNames, unpackNames } from './file-names.ts';
import type { ReadProblem } from './read-files.ts';

/** What lstat(2) says of files, by their numbers; of those among the problems it says nothing. */
export interface FilesFound {
  /** With the type of the file. */
  readonly modes: Uint32Array;
  readonly uids: Uint32Array;
  readonly gids: Uint32Array;
  readonly sizes: Float64Array;
  /** Of the modification times, since 1970; also of earlier ones the nanoseconds are added. */
  readonly seconds: Float64Array;
  readonly nanoseconds: Uint32Array;
  /** Which file it is, where it is a regular one with other names. */
  readonly linked: ReadonlyMap<number, string>;
  readonly problems: ReadonlyMap<number, ReadProblem>;
}

const SECOND_NS = 1_000_000_000n;

/** Links are not followed. */
export function statFiles(names: FileNames): FilesFound {
  const { count } = names;
  const [modes, uids, gids] = [new Uint32Array(count), new Uint32Array(count), new Uint32Array(count)];
  const sizes = new Float64Array(count);
  const [seconds, nanoseconds] = [new Float64Array(count), new Uint32Array(count)];
  const linked = new Map<number, string>();
  const problems = new Map<number, ReadProblem>();
  let i = 0;
  for (const name of unpackNames(names)) {
    try {
      const stat = byWay(fileWay(name), (way) => lstatSync(way, { bigint: true }));
      modes[i] = Number(stat.mode);
      uids[i] = Number(stat.uid);
      gids[i] = Number(stat.gid);
      sizes[i] = Number(stat.size);
      const rest = Number(stat.mtimeNs % SECOND_NS);
      nanoseconds[i] = rest < 0 ? rest + Number(SECOND_NS) : rest;
      seconds[i] = Number((stat.mtimeNs - BigInt(nanoseconds[i] ?? 0)) / SECOND_NS);
      if (stat.nlink > 1n && stat.isFile()) linked.set(i, `${stat.dev}:${stat.ino}`);
    } catch (error) {
      problems.set(i, { problem: systemErrorCode(error) ?? String(error) });
    }
    i += 1;
  }
  return { modes, uids, gids, sizes, seconds, nanoseconds, linked, problems };
}
