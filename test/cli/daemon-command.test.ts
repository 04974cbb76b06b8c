import { expect, it } from 'vitest';
import { daemonCommand } from '../../src/cli/daemon-command.ts';

it('the daemon runs in a small heap, with what runs now', () => {
  expect(daemonCommand(['/usr/bin/node', '/opt/l/bin/leitstand.mjs'], '/var/lib/l')).toEqual([
    '/usr/bin/node',
    '--max-semi-space-size=2',
    '/opt/l/bin/leitstand.mjs',
    'serve',
    '--state-dir',
    '/var/lib/l',
  ]);
});
