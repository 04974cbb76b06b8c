import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { systemErrorCode } from '../../../../platform/errors.ts';
import { ensureDirectory, unfinishedName } from '../../../../platform/files.ts';
import { formatElapsed, formatSize } from '../../../../platform/units.ts';
import type { NeededProgram, Program, ReleaseArchive } from '../../../../stack/program.ts';
import { formatVersion, parseVersion, type Version } from '../../../../stack/version.ts';
import { programDir, publish, readEntry } from '../cache-entry.ts';
import { provisionErrors } from '../errors.ts';
import { namesOf, type ProgramGroup, type ProvisionContext, SourceRefused } from '../source.ts';
import { readTar, TarError } from '../tar.ts';
import { detectVersion, isNamed } from '../version.ts';
import {
  type ArchivePlace,
  atMirror,
  memberOf,
  parseChecksums,
  placeOf,
  releaseVersion,
  thisArchitecture,
} from './archive.ts';
import { DOWNLOAD_LIMITS, downloadFile, type DownloadLimits, downloadText } from './download.ts';
import { type LockFile, type PinnedArchive, requireSame } from './lock-file.ts';

const MAX_ARCHIVE_BYTES = 1024 ** 3;
const MAX_CHECKSUM_BYTES = 1024 ** 2;
const PROGRESS_EVERY_MS = 5_000;

/** What all programs of one run share. */
export interface ReleaseRun {
  readonly lock: LockFile;
  /** Hosts that did not answer → why. */
  readonly silent: Map<string, string>;
  readonly limits?: DownloadLimits;
}

interface Member {
  readonly spec: NeededProgram;
  readonly release: ReleaseArchive;
  /** Path in the archive. */
  readonly path: string;
}

interface Work {
  readonly place: ArchivePlace;
  readonly members: readonly Member[];
  readonly scratch: string;
  readonly run: ReleaseRun;
  readonly context: ProvisionContext;
}

/**
 * The projects' own archives, verified and unpacked into the cache; one download for all programs of an archive. The
 * caller holds the programs' locks. Rejects with `SourceRefused` when it has none for us, and with LS-PROVISION-008
 * when what came is not what it should be: then no other source may be asked.
 */
export async function takeFromRelease(
  group: ProgramGroup,
  context: ProvisionContext,
  run: ReleaseRun,
): Promise<readonly Program[]> {
  const archives = groupByArchive(group);
  const directory = unfinishedName(join(programDir(context.provisioning.cacheDir, group[0].name), 'release'));
  await ensureDirectory(directory, 0o755);
  try {
    const programs: Program[] = [];
    for (const { place, members } of archives) {
      const scratch = await mkdtemp(join(directory, 'archive-'));
      programs.push(...(await takeArchive({ place, members, scratch, run, context })));
    }
    return programs;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function groupByArchive(group: ProgramGroup): { place: ArchivePlace; members: Member[] }[] {
  const arch = thisArchitecture();
  const archives: { place: ArchivePlace; members: Member[] }[] = [];
  for (const spec of group) {
    const version = releaseVersion(spec);
    if (!spec.release || version === undefined)
      throw new SourceRefused(`no release archive is known for ${namesOf(group)}`);
    const place = placeOf(spec.release, version, arch);
    const member = { spec, release: spec.release, path: memberOf(spec.release, place) };
    const archive = archives.find((other) => other.place.url === place.url);
    if (archive) archive.members.push(member);
    else archives.push({ place, members: [member] });
  }
  return archives;
}

async function takeArchive(work: Work): Promise<Program[]> {
  const { place, run } = work;
  const expected = await expectedChecksums(work);
  const file = join(work.scratch, 'archive');
  const found = await download(work, file);
  const wanted = expected.find(({ archive }) => archive.name === place.name);
  if (!wanted) throw new TypeError(`no checksum was expected for ${place.name}`);
  if (wanted.isPinned && run.lock.path !== undefined)
    requireSame(wanted.archive.sha256, found, { subject: place.name, lockFile: run.lock.path });
  else requirePublished(wanted.archive.sha256, found, place);
  await unpack(work, file);
  const { programs, sums } = await publishMembers(work, wanted.archive);
  const pins = expected.map(({ archive }) =>
    archive.name === place.name ? { ...archive, programs: sums } : archive,
  );
  await run.lock.pin(pins);
  return programs;
}

interface Expected {
  readonly archive: PinnedArchive;
  /** By the lock file, as opposed to read from the project just now. */
  readonly isPinned: boolean;
}

/** Of this archive, and of its siblings for other processors, which the same file of the project names. */
async function expectedChecksums({ place, members, run, context }: Work): Promise<readonly Expected[]> {
  const pinned = await run.lock.find(place.name);
  if (pinned) return [{ archive: pinned, isPinned: true }];
  const url = atMirror(place.checksumsUrl, context.provisioning.mirror);
  if (!isTrustworthy(url))
    throw new SourceRefused(
      `${place.name} is not in leitstand.lock yet, and a checksum that comes over http proves nothing: pin it where https can be used, or use an https mirror`,
    );
  const text = await downloadText(url, transfer(run, context), { maxBytes: MAX_CHECKSUM_BYTES });
  const sums = parseChecksums(text);
  if (!sums.has(place.name)) throw new SourceRefused(`${url.href} has no checksum of ${place.name}`);
  const taken = context.clock.now().toISOString();
  return siblings(place, members).flatMap(({ name, version, arch, url: at }) => {
    const sha256 = sums.get(name);
    return sha256 === undefined
      ? []
      : [{ archive: { name, version, arch, url: at, sha256, taken }, isPinned: false }];
  });
}

function siblings(place: ArchivePlace, [first]: readonly Member[]): ArchivePlace[] {
  if (!first) return [place];
  return (['amd64', 'arm64'] as const).map((arch) => placeOf(first.release, place.version, arch));
}

/** Nobody sits between us and this machine. */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

function transfer({ silent, limits }: ReleaseRun, { env, signal }: ProvisionContext) {
  return { env, signal, limits: limits ?? DOWNLOAD_LIMITS, silent };
}

async function download(work: Work, file: string): Promise<string> {
  const { place, members, run, context } = work;
  const { clock, onProgress, provisioning } = context;
  const url = atMirror(place.url, provisioning.mirror);
  const name = `${members[0]?.spec.name ?? place.name} ${place.version}`;
  onProgress({ type: 'step', text: `${name}: downloading the release archive from ${url.host}` });
  const started = clock.monotonic();
  let said = started;
  let bytes = 0;
  const onBytes = (received: number, size: number | undefined) => {
    bytes = received;
    const now = clock.monotonic();
    if (now - said < PROGRESS_EVERY_MS) return;
    said = now;
    onProgress({ type: 'step', text: `${name}: ${progressText(received, size, now - started)}` });
  };
  const sum = await downloadFile(url, file, transfer(run, context), { maxBytes: MAX_ARCHIVE_BYTES, onBytes });
  const elapsedMs = clock.monotonic() - started;
  const text = `${name}: ${formatSize(bytes)} in ${formatElapsed(elapsedMs)}`;
  onProgress({ type: 'done', phase: `download ${name}`, text, elapsedMs });
  return sum;
}

function progressText(received: number, size: number | undefined, elapsedMs: number): string {
  const perMs = received / elapsedMs;
  const rate = `${formatSize(Math.round(perMs * 1000))}/s`;
  if (size === undefined) return `${formatSize(received)}, ${rate}`;
  const left = formatElapsed((size - received) / perMs);
  return `${formatSize(received)} of ${formatSize(size)}, ${rate}, ${left} left`;
}

function requirePublished(published: string, found: string, place: ArchivePlace): void {
  if (published === found) return;
  throw provisionErrors.error('LS-PROVISION-008', {
    what: `${place.name} is not the archive whose checksum the project publishes`,
    why: 'its SHA-256 is another: it was damaged or changed on the way, or on the server',
    detail: [`published  ${published} (${place.checksumsUrl})`, `found      ${found}`],
    fix: `run \`leitstand up\` again; if it stays so, compare both sums from another network, or take another source: provision: {sources: [cache, debian, go]}`,
  });
}

/** Only the wanted executables are written, under our own names: no path of the archive is followed. */
async function unpack({ place, members, scratch, context }: Work, file: string): Promise<void> {
  const missing = new Map(members.map(({ path, spec }) => [path, spec.name]));
  try {
    await pipeline(
      createReadStream(file),
      createGunzip(),
      async (source) => {
        for await (const entry of readTar(source)) {
          const name = missing.get(entry.name.replace(/^\.\//, ''));
          if (name === undefined) continue;
          if (entry.type !== 'file' || entry.size > MAX_ARCHIVE_BYTES)
            throw new SourceRefused(`${entry.name} in ${place.name} is not an executable`);
          const options = { flags: 'wx', mode: 0o755 } as const;
          await pipeline(entry.body, createWriteStream(join(scratch, name), options));
          missing.delete(entry.name.replace(/^\.\//, ''));
        }
      },
      { signal: context.signal },
    );
  } catch (error) {
    context.signal?.throwIfAborted();
    const isDamaged = error instanceof TarError || (systemErrorCode(error) ?? '').startsWith('Z_');
    if (!isDamaged) throw error;
    throw new SourceRefused(`${place.name} cannot be unpacked: ${(error as Error).message}`);
  }
  const [path] = missing.keys();
  if (path !== undefined) throw new SourceRefused(`${place.name} does not hold ${path}`);
}

async function publishMembers(
  work: Work,
  pinned: PinnedArchive,
): Promise<{ programs: Program[]; sums: Record<string, string> }> {
  const { members, scratch, context, place } = work;
  const { programs: _, ...archive } = pinned;
  const versions: Version[] = [];
  for (const member of members) versions.push(await examine(work, member));
  const programs: Program[] = [];
  const sums: Record<string, string> = {};
  for (const [index, { spec }] of members.entries()) {
    const version = versions[index];
    if (!version) throw new TypeError(`${spec.name} was not examined`);
    const entry = {
      name: spec.name,
      version: place.version,
      origin: 'release',
      from: place.name,
      archive,
    } as const;
    const path = await publish(context.provisioning.cacheDir, join(scratch, spec.name), entry);
    const published = await readEntry(join(path, '..'));
    if (published) sums[spec.name] = published.sha256;
    programs.push({ name: spec.name, path, version, origin: 'release' });
  }
  return { programs, sums };
}

/** Some releases do not say their version in a form of their own; the archive's is certain, as far as they do not object. */
async function examine({ place, scratch, context }: Work, { spec }: Member): Promise<Version> {
  const detection = await detectVersion(join(scratch, spec.name), context, spec);
  if (detection.failure !== undefined) throw new SourceRefused(`${spec.name}: ${detection.failure}`);
  if (!isNamed(detection, spec.name))
    throw new SourceRefused(`${spec.name} in ${place.name} says that it is ${detection.name}`);
  const version = parseVersion(place.version);
  if (!version) throw new TypeError(`not a version: ${place.version}`);
  const found = detection.version && formatVersion(detection.version);
  if (found !== undefined && found !== place.version)
    throw new SourceRefused(`${spec.name} in ${place.name} is ${found}, not ${place.version}`);
  return version;
}
