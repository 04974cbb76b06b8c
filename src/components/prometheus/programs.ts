import { fileURLToPath } from 'node:url';
import type { GoBuild, ProgramSpec, ReleaseArchive } from '../../stack/program.ts';

const build = {
  wrapper: fileURLToPath(new URL('go', import.meta.url)),
  version: '3.16.0',
  /** Keeps file and http service discovery, which is all we render, and halves the build. */
  tags: ['remove_all_sd'],
  programVersion,
} satisfies Omit<GoBuild, 'package' | 'expectedSeconds'>;

/** As Prometheus' `promu` names them. */
const release = {
  version: build.version,
  base: 'https://github.com/prometheus/prometheus/releases/download/v{version}',
  archive: 'prometheus-{version}.linux-{arch}.tar.gz',
  checksums: 'sha256sums.txt',
  architectures: { amd64: 'amd64', arm64: 'arm64' },
} satisfies Omit<ReleaseArchive, 'path'>;

const minimum = '2.42';

/** Built by go, it has no web pages: a module holds no built assets, so `/` answers 500 while the API is whole. */
export const prometheusProgram: ProgramSpec = {
  name: 'prometheus',
  minimum,
  debian: { package: 'prometheus', path: 'usr/bin/prometheus', data: '/usr/share/prometheus/web' },
  release: { ...release, path: 'prometheus-{version}.linux-{arch}/prometheus' },
  go: { ...build, package: 'github.com/prometheus/prometheus/cmd/prometheus', expectedSeconds: 193 },
};

export const promtoolProgram: ProgramSpec = {
  name: 'promtool',
  minimum,
  debian: { package: 'prometheus', path: 'usr/bin/promtool' },
  release: { ...release, path: 'prometheus-{version}.linux-{arch}/promtool' },
  go: { ...build, package: 'github.com/prometheus/prometheus/cmd/promtool', expectedSeconds: 50 },
};

/**
 * The module is numbered v0.MMm.p for program 3.x (v0.316.0 is 3.16.0) and v0.mm.p for program 2.x
 * (v0.55.1 is 2.55.1): a Go module of major version 2 or more would need another import path.
 * Source: Prometheus' RELEASE.md, "tag the library".
 */
function programVersion(moduleVersion: string): string | undefined {
  const match = /^v?0\.(3\d\d|\d\d)\.(\d+)/.exec(moduleVersion);
  const number = match?.[1];
  if (!match || number === undefined) return undefined;
  const minor = Number(number.slice(-2));
  return `${number.length === 3 ? 3 : 2}.${minor}.${match[2]}`;
}
