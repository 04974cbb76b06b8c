import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UNFINISHED_MARK } from '../../../platform/files.ts';
import type { NeededProgram, Program } from '../../../stack/program.ts';
import { parseVersion, type Version } from '../../../stack/version.ts';
import {
  type CachedOrigin,
  type CacheEntry,
  entryLabel,
  isIntact,
  programDir,
  readEntry,
} from './cache-entry.ts';
import { namesOf, type ProgramGroup } from './source.ts';
import { isVersionNumber, whyUnwanted } from './wanted.ts';

/** Which entries count. */
export interface CacheFilter {
  /** Sources the user allows, best first. */
  readonly origins: readonly CachedOrigin[];
}

export interface CachedPrograms {
  readonly programs: readonly Program[];
  /** Their records, in the same order. */
  readonly entries: readonly CacheEntry[];
}

export type CacheAnswer =
  | CachedPrograms
  | {
      readonly refused: string;
      /** Where a part of the group came from: the rest should come from there as well. */
      readonly partOf?: CachedOrigin;
      /** The path of an executable that is not the one that was put there. */
      readonly damaged?: string;
    };

export interface Candidate {
  readonly directory: string;
  readonly entry: CacheEntry;
  readonly version: Version;
}

/**
 * The newest version of which the cache holds the whole group. Needs no lock: entries appear and vanish as a whole.
 * A damaged one is refused, never passed over for an older: Prometheus' data of a newer version would not survive it.
 */
export async function lookInCache(
  cacheDir: string,
  group: ProgramGroup,
  filter: CacheFilter,
): Promise<CacheAnswer> {
  const found = await Promise.all(group.map((spec) => listCandidates(cacheDir, spec, filter)));
  const newestFirst = found.flat().sort((a, b) => compare(b, a, filter));
  for (const { entry } of newestFirst) {
    const set = found.flatMap((candidates) => candidates.filter((other) => isSameBuild(other.entry, entry)));
    if (set.length === group.length) return checkSet(set);
  }
  const part = newestFirst[0]?.entry;
  if (!part) {
    const [{ wanted }] = group;
    const number = isVersionNumber(wanted) ? ` ${wanted}` : '';
    return { refused: `no ${namesOf(group)}${number} in ${cacheDir} yet` };
  }
  const missing = group.filter((_, index) => !found[index]?.some(({ entry }) => isSameBuild(entry, part)));
  const refused = `${part.name} ${part.version} is there, the ${namesOf(missing)} that goes with it is not`;
  return { refused, partOf: part.origin };
}

async function checkSet(set: readonly Candidate[]): Promise<CacheAnswer> {
  for (const { directory, entry } of set) {
    if (await isIntact(directory, entry)) continue;
    const damaged = join(directory, entry.name);
    return { refused: `${damaged} is not what was put there`, partOf: entry.origin, damaged };
  }
  return { programs: set.map(toProgram), entries: set.map(({ entry }) => entry) };
}

async function listCandidates(
  cacheDir: string,
  spec: NeededProgram,
  { origins }: CacheFilter,
): Promise<Candidate[]> {
  const found = await listFinished(cacheDir, spec.name);
  return found.filter(
    ({ entry, version }) => origins.includes(entry.origin) && whyUnwanted(spec, version) === undefined,
  );
}

/** Every finished entry of a program, damaged ones too. */
export async function listFinished(cacheDir: string, name: string): Promise<Candidate[]> {
  const root = programDir(cacheDir, name);
  const candidates: Candidate[] = [];
  for (const label of await readdir(root).catch(() => [])) {
    if (label.includes(UNFINISHED_MARK)) continue;
    const directory = join(root, label);
    const entry = await readEntry(directory);
    const version = entry && parseVersion(entry.version);
    if (!entry || !version || entry.name !== name || label !== entryLabel(entry)) continue;
    candidates.push({ directory, entry, version });
  }
  return candidates;
}

function compare(a: Candidate, b: Candidate, { origins }: CacheFilter): number {
  return (
    a.version.major - b.version.major ||
    a.version.minor - b.version.minor ||
    a.version.patch - b.version.patch ||
    origins.indexOf(b.entry.origin) - origins.indexOf(a.entry.origin)
  );
}

function isSameBuild(a: CacheEntry, b: CacheEntry): boolean {
  return a.origin === b.origin && a.version === b.version;
}

function toProgram({ directory, entry, version }: Candidate): Program {
  return { name: entry.name, path: join(directory, entry.name), version, origin: entry.origin };
}
