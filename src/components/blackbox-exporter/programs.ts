import { fileURLToPath } from 'node:url';
import type { ProgramSpec } from '../../stack/program.ts';

export const blackboxExporterProgram: ProgramSpec = {
  name: 'blackbox_exporter',
  minimum: '0.23',
  debian: { package: 'prometheus-blackbox-exporter', path: 'usr/bin/prometheus-blackbox-exporter' },
  release: {
    version: '0.28.0',
    base: 'https://github.com/prometheus/blackbox_exporter/releases/download/v{version}',
    archive: 'blackbox_exporter-{version}.linux-{arch}.tar.gz',
    path: 'blackbox_exporter-{version}.linux-{arch}/blackbox_exporter',
    checksums: 'sha256sums.txt',
    architectures: { amd64: 'amd64', arm64: 'arm64' },
  },
  go: {
    wrapper: fileURLToPath(new URL('go', import.meta.url)),
    package: 'github.com/prometheus/blackbox_exporter',
    version: '0.28.0',
    expectedSeconds: 40,
  },
};
