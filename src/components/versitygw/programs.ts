import { fileURLToPath } from 'node:url';
import type { ProgramSpec } from '../../stack/program.ts';

/** Debian has no package of it. */
export const versitygwProgram: ProgramSpec = {
  name: 'versitygw',
  release: {
    version: '1.8.0',
    base: 'https://github.com/versity/versitygw/releases/download/v{version}',
    archive: 'versitygw_v{version}_Linux_{arch}.tar.gz',
    path: 'versitygw_v{version}_Linux_{arch}/versitygw',
    checksums: 'checksums.txt',
    architectures: { amd64: 'x86_64', arm64: 'arm64' },
  },
  go: {
    wrapper: fileURLToPath(new URL('go', import.meta.url)),
    package: 'github.com/versity/versitygw/cmd/versitygw',
    version: '1.8.0',
    expectedSeconds: 70,
  },
};
