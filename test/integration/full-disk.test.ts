import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../../src/platform/processes.ts';

const FIXTURE = new URL('../fixtures/full-disk.ts', import.meta.url).pathname;
/** A mount namespace of its own: the small file system is there for this process alone and goes with it. */
const NAMESPACE = ['-rm', '/bin/sh', '-c'];
const possible = await runProgram('unshare', [...NAMESPACE, 'mount -t tmpfs tmpfs /tmp']).then(
  ({ exitCode }) => exitCode === 0,
  () => false,
);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leitstand-full-'));
});
afterEach(() => rm(directory, { recursive: true }));

it.skipIf(!possible)(
  'a full disk hinders neither a daemon from starting nor anything from being stopped',
  async () => {
    const script = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" "$3" "$1"';
    const args = [...NAMESPACE, script, 'full-disk', directory, process.execPath, FIXTURE];
    const result = await runProgram('unshare', args, { timeoutMs: 60_000 });
    expect(result.stderr).toBe('');
    expect(JSON.parse(result.stdout)).toMatchObject({
      applied: 'LS-RUNTIME-010',
      supervision: { supervised: true, daemon: { state: 'ready' } },
      failed: [],
      large: 0,
      left: [],
      stopped: ['alpha'],
    });
  },
);
