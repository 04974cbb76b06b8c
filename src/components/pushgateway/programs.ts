import { fileURLToPath } from 'node:url';
import type { ProgramSpec } from '../../stack/program.ts';

export const pushgatewayProgram: ProgramSpec = {
  name: 'pushgateway',
  debian: {
    package: 'prometheus-pushgateway',
    path: 'usr/bin/prometheus-pushgateway',
    data: '/usr/share/prometheus/pushgateway',
  },
  go: {
    wrapper: fileURLToPath(new URL('go', import.meta.url)),
    package: 'github.com/prometheus/pushgateway',
    version: '1.11.3',
    expectedSeconds: 35,
  },
};
