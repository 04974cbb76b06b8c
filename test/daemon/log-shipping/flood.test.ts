import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ShippingCounts } from '../../../src/daemon/log-shipping/counts.ts';
import { LogShipper } from '../../../src/daemon/log-shipping/shipper.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { freePort } from '../../fixtures/free-port.ts';
import { makeLayout, nativeLayout } from '../../../src/runtimes/native/layout.ts';
import { rotateLogs } from '../../../src/runtimes/native/log-rotation.ts';
import { eventually } from '../../runtimes/native/harness.ts';
import { FakeStore } from './fake-store.ts';

const COUNTING = new URL('../../fixtures/counting-program.mjs', import.meta.url).pathname;
const MIB = 1024 ** 2;

it('a flood of 100 MB/s holds neither the disk nor the other logs; what is not sent is counted', {
  timeout: 60_000,
  // Whether a machine that has much else to do keeps up with 100 MB/s is not what is shown.
  retry: 2,
}, async () => {
  const root = await mkdtemp(join(tmpdir(), 'leitstand-flood-'));
  const layout = nativeLayout(root);
  await makeLayout(layout);
  const closing = new AbortController();
  await using store = await FakeStore.open();
  store.answer = (lines, response) => {
    // The flood itself is not kept: it would be the test's memory that grows.
    store.lines.push(...lines.filter(({ component }) => component === 'beta'));
    response.writeHead(204).end();
    return true;
  };
  const said: string[] = [];
  const counts = new ShippingCounts(systemClock, (text) => said.push(text));
  const labels = { stack: 'test', job: 'leitstand' };
  const shipper = await LogShipper.start({
    layout,
    clock: systemClock,
    url: store.url,
    labels,
    counts,
    times: { poll: 50 },
  });
  await shipper.follow(['alpha', 'beta']);
  shipper.run();
  const log = await open(layout.log('alpha'), 'a');
  const port = String(await freePort());
  const program = spawn(
    process.execPath,
    [COUNTING, '--port', port, '--lines-a-second', '0', '--flood', '100'],
    {
      stdio: ['ignore', log.fd, log.fd],
    },
  );
  try {
    void rotateLogs(layout.logs, systemClock, closing.signal, (name, rotate) =>
      shipper.rotating(name, rotate),
    );
    let most = 0;
    let own = 0;
    const begun = performance.now();
    while (performance.now() - begun < 6_000) {
      const sizes = await Promise.all(
        (await readdir(layout.logs)).map(
          async (name) => (await stat(join(layout.logs, name)).catch(() => undefined))?.size ?? 0,
        ),
      );
      most = Math.max(
        most,
        sizes.reduce((sum, size) => sum + size, 0),
      );
      own += 1;
      await appendFile(layout.log('beta'), `ts=${new Date().toISOString()} msg="own ${own}"\n`);
      await systemClock.sleep(50);
    }
    // Measured: 240 to 330 on a busy machine; without looking ahead it is 650.
    expect(most / MIB).toBeGreaterThan(64);
    expect(most / MIB).toBeLessThan(7 * 64);
    await eventually(async () => store.texts('beta').length >= own, 'the other log, whole');
    expect(counts.dropped.get('flood')).toBeGreaterThan(0);
    await eventually(async () => said.some((text) => text.includes('rotated away')), 'said');
  } finally {
    program.kill('SIGKILL');
    await once(program, 'exit');
    closing.abort();
    await shipper.end();
    await log.close();
    await rm(root, { recursive: true, force: true });
  }
});
