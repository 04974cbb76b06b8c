import { readFile } from 'node:fs/promises';
import { type DoctorCheck, fail, ok, unknown, warn } from '../check.ts';

/** Prometheus keeps the files of its blocks open, and a connection for each target. */
const LEAST = 1024;
const COMFORTABLE = 8192;

export const limitsCheck: DoctorCheck = {
  name: 'limits',
  title: 'open files',
  needs: 'host',
  run: async () => {
    const text = await readFile('/proc/self/limits', 'utf8').catch(() => '');
    const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1];
    if (hard === undefined)
      return [unknown('open files', '/proc/self/limits cannot be read', { matters: false })];
    // Go programs raise the soft limit to the hard one themselves (since Go 1.19).
    const limit = hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
    const found = `${hard} for each process (ulimit -Hn)`;
    const fix = 'raise it: `LimitNOFILE=` of the service, or /etc/security/limits.conf for the user';
    if (limit < LEAST) return [fail('open files', found, { wanted: `${LEAST} at least`, fix })];
    return [
      limit < COMFORTABLE
        ? warn('open files', found, { wanted: `${COMFORTABLE} for a stack that grows`, fix })
        : ok('open files', found),
    ];
  },
};
