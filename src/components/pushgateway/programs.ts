import { fileURLToPath } from 'node:url';
import type { ProgramSpec } from '../../stack/program.ts';

export const pushgatewayProgram: ProgramSpec = {
  name: 'pushgateway',
  minimum: '1.5',
  debian: {
    package: 'prometheus-pushgateway',
    path: 'usr/bin/prometheus-pushgateway',
    data: '/usr/share/prometheus/pushgateway',
  },
  release: {
    version: '1.11.3',
    base: 'https://github.com/prometheus/pushgateway/releases/download/v{version}',
    archive: 'pushgateway-{version}.linux-{arch}.tar.gz',
    path: 'pushgateway-{version}.linux-{arch}/pushgateway',
    checksums: 'sha256sums.txt',
    architectures: { amd64: 'amd64', arm64: 'arm64' },
  },
  go: {
    wrapper: fileURLToPath(new URL('go', import.meta.url)),
    package: 'github.com/prometheus/pushgateway',
    version: '1.11.3',
    expectedSeconds: 35,
  },
};
