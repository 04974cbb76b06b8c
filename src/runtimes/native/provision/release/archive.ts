import type { Architecture, ProgramSpec, ReleaseArchive } from '../../../../stack/program.ts';
import { SourceRefused } from '../source.ts';

/** One archive of one release, and where it and its checksums are. */
export interface ArchivePlace {
  readonly name: string;
  readonly version: string;
  readonly arch: Architecture;
  /** At the project. */
  readonly url: string;
  readonly checksumsUrl: string;
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = { x64: 'amd64', arm64: 'arm64' };

/** The processor of this machine; projects publish for others as well, which Leitstand does not run on. */
export function thisArchitecture(): Architecture {
  const architecture = process.platform === 'linux' ? ARCHITECTURES[process.arch] : undefined;
  if (architecture === undefined)
    throw new SourceRefused(`no release archives are known for ${process.platform} on ${process.arch}`);
  return architecture;
}

export function placeOf(release: ReleaseArchive, version: string, arch: Architecture): ArchivePlace {
  const fill = (template: string) => fillIn(release, template, version, arch);
  const base = fill(release.base);
  const name = fill(release.archive);
  return { name, version, arch, url: `${base}/${name}`, checksumsUrl: `${base}/${fill(release.checksums)}` };
}

/** Path of the executable in the archive. */
export function memberOf(release: ReleaseArchive, { version, arch }: ArchivePlace): string {
  return fillIn(release, release.path, version, arch);
}

function fillIn(release: ReleaseArchive, template: string, version: string, arch: Architecture): string {
  return template.replaceAll('{version}', version).replaceAll('{arch}', release.architectures[arch]);
}

/** The same file at the mirror: `https://github.com/a/b` is `MIRROR/a/b`. */
export function atMirror(url: string, mirror: string | undefined): URL {
  if (mirror === undefined) return new URL(url);
  return new URL(`${mirror.replace(/\/+$/, '')}${new URL(url).pathname}`);
}

/**
 * File name → SHA-256 in hexadecimal, of a file that `sha256sum` wrote: `HASH  NAME` or `HASH *NAME` a line; other
 * lines are passed over.
 */
export function parseChecksums(text: string): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{64}) [ *](?:\.\/)?(\S+)\s*$/i.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) sums.set(match[2], match[1].toLowerCase());
  }
  return sums;
}

/** The version that is meant; undefined for a program that has no archive. */
export function releaseVersion(spec: ProgramSpec & { readonly wanted?: string }): string | undefined {
  return spec.release && (spec.wanted ?? spec.release.version);
}
