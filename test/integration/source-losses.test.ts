import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertmanagerSource } from '../../src/components/alertmanager/source.ts';
import { pushgatewaySource } from '../../src/components/pushgateway/source.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { httpExchange } from '../../src/platform/http.ts';
import type { Program } from '../../src/stack/program.ts';
import { openWorld, temporaryDirectory } from './backup-world.ts';
import { generations, requirePrograms } from './programs.ts';
import { type Live, push, silence, startAlertmanager, startPushgateway } from './source-cases.ts';

const TIMEOUT_MS = 60_000;

/** A second of waiting takes ten milliseconds, so that patience can be tried to its end. */
function hurriedClock(): Clock {
  let skipped = 0;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + skipped,
    sleep: async (ms, signal) => {
      skipped += ms;
      await systemClock.sleep(ms / 100, signal);
    },
  };
}

async function need(generation: (typeof generations)[number], name: string): Promise<Program> {
  const program = (await requirePrograms(generation)).get(name);
  if (!program) throw new Error(`no ${name}`);
  return program;
}

it.skipIf(generations.length > 0)('has no programs to test with on this machine', () => undefined);

describe.each(generations)(
  'what a state file does not hold yet, %s',
  { timeout: TIMEOUT_MS },
  (generation) => {
    let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
    let live: Live | undefined;

    beforeEach(async () => {
      directory = await temporaryDirectory();
    });
    afterEach(async () => {
      await live?.stop('SIGKILL');
      live = undefined;
      await directory.remove();
    });

    it('names a silence that only the API knows, keeps it as text, and still proves the rest', async () => {
      const program = await need(generation, 'alertmanager');
      live = await startAlertmanager(program, directory.path);
      await silence(live, [{ name: 'alertname', value: 'Stored' }]);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await live.stop();
      live = await startAlertmanager(program, directory.path, '15m');
      const late = await silence(live, [{ name: 'alertname', value: 'Late' }]);
      const world = await openWorld(directory.path, alertmanagerSource(), hurriedClock());
      const [report] = (await world.backup(live)).sources;
      expect(report?.ok && report.knownLoss).toEqual([
        expect.stringContaining(`the silence ${late} ("Wartung`),
      ]);
      const drill = await world.drill(program);
      expect(drill).toMatchObject({ exit: 0, verdict: 'proven' });
      const [record] = await world.store.snapshots('alertmanager');
      const target = join(directory.path, 'restored');
      await world.store.restore({ snapshot: record?.id ?? '', target });
      expect(await readFile(join(target, 'silences.json'), 'utf8')).toContain(late);
      world.history.close();
    });

    it('names a silence that a restore would bring back', async () => {
      const program = await need(generation, 'alertmanager');
      live = await startAlertmanager(program, directory.path);
      const ended = await silence(live, [{ name: 'alertname', value: 'Ended' }]);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await live.stop();
      live = await startAlertmanager(program, directory.path, '15m');
      await httpExchange(`${live.url}/api/v2/silence/${ended}`, { method: 'DELETE' });
      const world = await openWorld(directory.path, alertmanagerSource(), hurriedClock());
      const [report] = (await world.backup(live)).sources;
      expect(report?.ok && report.knownLoss).toEqual([
        expect.stringMatching(new RegExp(`the silence ${ended} .*a restore brings it back`)),
      ]);
      expect((await world.drill(program)).verdict).toBe('proven');
      world.history.close();
    });

    it('proves the notification log, and notices when one group of it is another', async () => {
      const program = await need(generation, 'alertmanager');
      const received = await hook();
      live = await startAlertmanager(program, directory.path, '1s', received.url);
      const alert = {
        labels: { alertname: 'Notified' },
        startsAt: new Date(Date.now() - 60_000).toISOString(),
      };
      await httpExchange(`${live.url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([alert]),
      });
      await received.message;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const world = await openWorld(directory.path, alertmanagerSource());
      const [report] = (await world.backup(live)).sources;
      expect(report?.ok && report.knownLoss).toEqual([
        expect.stringMatching(/^the notification log was written/),
      ]);
      const drill = await world.drill(program);
      const [source] = drill.sources;
      expect(source?.comparisons).toContainEqual(
        expect.objectContaining({ kind: 'notification-log', verdict: 'match', found: '1 unexpired group' }),
      );
      // There is no silence, so the control changes the notification.
      expect(source?.control).toMatchObject({
        rejected: true,
        how: expect.stringContaining('notification-log'),
      });
      world.history.close();
      received.close();
    });

    it('names the groups of a Pushgateway that writes its file rarely', async () => {
      const program = await need(generation, 'pushgateway');
      live = await startPushgateway(program, directory.path, '1h');
      await push(live, 'job/late', 'x 1\n');
      const before = await openWorld(directory.path, pushgatewaySource(), hurriedClock());
      expect((await before.backup(live)).sources[0]).toMatchObject({
        ok: false,
        error: { code: 'LS-PUSHGATEWAY-005' },
      });
      await live.stop();
      live = await startPushgateway(program, directory.path, '1h');
      await push(live, 'job/later', 'y 1\n');
      await httpExchange(`${live.url}/metrics/job/late`, { method: 'DELETE' });
      const [report] = (await before.backup(live)).sources;
      expect(report?.ok && report.knownLoss).toEqual([
        expect.stringMatching(/the last push to \{job="later"\} was not yet in/),
        expect.stringMatching(/the group \{job="late"\} was deleted .* brings it back/),
      ]);
      // All that was live is lost, and nothing is left to compare: that proves nothing.
      expect(await before.drill(program)).toMatchObject({ exit: 5, verdict: 'unknown' });
      before.history.close();
    });

    it('refuses state files that are not what the programs write', async () => {
      const program = await need(generation, 'alertmanager');
      live = await startAlertmanager(program, directory.path, '15m');
      await writeFile(join(live.dataDir, 'nflog'), 'not a protobuf message');
      const world = await openWorld(directory.path, alertmanagerSource());
      expect((await world.backup(live)).sources[0]).toMatchObject({
        ok: false,
        error: { code: 'LS-ALERTMANAGER-005' },
      });
      world.history.close();
    });
  },
);

async function hook() {
  let told: () => void = () => undefined;
  const message = new Promise<void>((resolve) => (told = resolve));
  const server = createServer((_request, response) => {
    response.end('ok');
    told();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/`, message, close: () => server.close() };
}
