import { fileURLToPath } from 'node:url';
import type { ProgramSpec } from '../../stack/program.ts';

const build = { wrapper: fileURLToPath(new URL('go', import.meta.url)), version: '0.31.1' };

export const alertmanagerProgram: ProgramSpec = {
  name: 'alertmanager',
  debian: {
    package: 'prometheus-alertmanager',
    path: 'usr/bin/prometheus-alertmanager',
    data: '/usr/share/prometheus/alertmanager',
  },
  go: { ...build, package: 'github.com/prometheus/alertmanager/cmd/alertmanager', expectedSeconds: 40 },
};

export const amtoolProgram: ProgramSpec = {
  name: 'amtool',
  debian: { package: 'prometheus-alertmanager', path: 'usr/bin/amtool' },
  go: { ...build, package: 'github.com/prometheus/alertmanager/cmd/amtool', expectedSeconds: 10 },
};
