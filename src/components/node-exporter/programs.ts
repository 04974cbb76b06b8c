import { fileURLToPath } from 'node:url';
import type { ProgramSpec } from '../../stack/program.ts';

export const nodeExporterProgram: ProgramSpec = {
  name: 'node_exporter',
  minimum: '1.5',
  debian: { package: 'prometheus-node-exporter', path: 'usr/bin/prometheus-node-exporter' },
  release: {
    version: '1.12.1',
    base: 'https://github.com/prometheus/node_exporter/releases/download/v{version}',
    archive: 'node_exporter-{version}.linux-{arch}.tar.gz',
    path: 'node_exporter-{version}.linux-{arch}/node_exporter',
    checksums: 'sha256sums.txt',
    architectures: { amd64: 'amd64', arm64: 'arm64' },
  },
  go: {
    wrapper: fileURLToPath(new URL('go', import.meta.url)),
    package: 'github.com/prometheus/node_exporter',
    version: '1.12.1',
    expectedSeconds: 35,
  },
};
