import { lookup } from 'node:dns/promises';
import { type DoctorCheck, fail, ok } from '../check.ts';

export const localhostCheck: DoctorCheck = {
  name: 'localhost',
  title: 'localhost',
  needs: 'host',
  run: async () => {
    const fix = "put '127.0.0.1 localhost' into /etc/hosts";
    const addresses = await lookup('localhost', { all: true }).catch(() => []);
    const found = addresses.map(({ address }) => address);
    if (found.length === 0) return [fail('localhost', 'no address', { wanted: '127.0.0.1', fix })];
    const strange = found.filter((address) => !address.startsWith('127.') && address !== '::1');
    return strange.length > 0 || !found.includes('127.0.0.1')
      ? [fail('localhost', found.join(', '), { wanted: '127.0.0.1, and ::1 at most', fix })]
      : [ok('localhost', found.join(', '))];
  },
};
