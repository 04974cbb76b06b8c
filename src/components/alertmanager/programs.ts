import { fileURLToPath } from 'node:url';
import type { ProgramSpec, ReleaseArchive } from '../../stack/program.ts';

const build = { wrapper: fileURLToPath(new URL('go', import.meta.url)), version: '0.31.1' };

/** Newer ones exist (0.34); this is the version that everything here is tested with, wherever it comes from. */
const release = {
  version: build.version,
  base: 'https://github.com/prometheus/alertmanager/releases/download/v{version}',
  archive: 'alertmanager-{version}.linux-{arch}.tar.gz',
  checksums: 'sha256sums.txt',
  architectures: { amd64: 'amd64', arm64: 'arm64' },
} satisfies Omit<ReleaseArchive, 'path'>;

const minimum = '0.25';

export const alertmanagerProgram: ProgramSpec = {
  name: 'alertmanager',
  minimum,
  debian: {
    package: 'prometheus-alertmanager',
    path: 'usr/bin/prometheus-alertmanager',
    data: '/usr/share/prometheus/alertmanager',
  },
  release: { ...release, path: 'alertmanager-{version}.linux-{arch}/alertmanager' },
  go: { ...build, package: 'github.com/prometheus/alertmanager/cmd/alertmanager', expectedSeconds: 40 },
};

export const amtoolProgram: ProgramSpec = {
  name: 'amtool',
  minimum,
  debian: { package: 'prometheus-alertmanager', path: 'usr/bin/amtool' },
  release: { ...release, path: 'alertmanager-{version}.linux-{arch}/amtool' },
  go: { ...build, package: 'github.com/prometheus/alertmanager/cmd/amtool', expectedSeconds: 10 },
};
