import { fileURLToPath } from 'node:url';
import type { ProgramSpec } from '../../stack/program.ts';

/** Debian has no package of it. Snapshots, which backups need, can be deleted since 1.44. */
export const victoriaLogsProgram: ProgramSpec = {
  name: 'victoria-logs',
  minimum: '1.44',
  release: {
    version: '1.52.1',
    base: 'https://github.com/VictoriaMetrics/VictoriaLogs/releases/download/v{version}',
    archive: 'victoria-logs-linux-{arch}-v{version}.tar.gz',
    path: 'victoria-logs-prod',
    checksums: 'victoria-logs-linux-{arch}-v{version}_checksums.txt',
    architectures: { amd64: 'amd64', arm64: 'arm64' },
  },
  go: {
    wrapper: fileURLToPath(new URL('go', import.meta.url)),
    package: 'github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs',
    version: '1.52.1',
    expectedSeconds: 30,
  },
};
