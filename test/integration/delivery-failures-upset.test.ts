import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { stackAlerting } from '../../src/delivery/alerting.ts';
import { httpExchange } from '../../src/platform/http.ts';
import type { Program } from '../../src/stack/program.ts';
import { isOfToday } from '../../src/stack/proof.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { type AlertingOptions, alertingStack } from '../fixtures/alerting.ts';
import { localServer } from '../fixtures/local-server.ts';
import { SECRET } from './delivery-scenes.ts';
import { type DeliveryWorld, firingTests, makeDeliveryWorld, type Running } from './delivery-world.ts';
import { generations, requirePrograms } from './programs.ts';

const team = (receiver: AlertingOptions['receivers'][string]): AlertingOptions => ({
  receivers: { team: receiver },
  default: 'team',
});
const hook = ({ inboxUrl }: DeliveryWorld) => ({ webhook: [{ url: `${inboxUrl}/webhook/team` }] });
const reload = ({ live }: Running) => httpExchange(`${live.url}/-/reload`, { method: 'POST' });

/** What `leitstand up` gave to Alertmanager the last time, when leitstand.yaml was this stack. */
function applied(file: string, stack: Stack) {
  const { fingerprint } = stackAlerting(stack);
  return { file, fingerprints: new Map(stack.receivers.map((one) => [one, fingerprint(one)])) };
}

/** Whether the receiver `team` of this stack is proven. */
function isProven({ history }: DeliveryWorld, stack: Stack): boolean {
  const fingerprint = stackAlerting(stack).fingerprint('team');
  const proof = history.proofs.latest('alert-delivery', 'team');
  return (
    proof?.verdict === 'proven' && isOfToday({ kind: 'alert-delivery', subject: 'team', fingerprint }, proof)
  );
}

/** Resolves when the inbox has refused the first message. */
async function refusal({ history }: DeliveryWorld): Promise<void> {
  // Not `expect.poll`, which asks vitest for the test that runs now: of several at once there may be none.
  await vi.waitFor(() => expect(history.messages.list({ limit: 1, type: 'webhook' })).not.toEqual([]), {
    timeout: 30_000,
    interval: 20,
  });
}

describe.each(generations)('Alertmanager is upset, with %s programs', (generation) => {
  /** Each in a world of its own, so that they can run at once. */
  const inWorld = (work: (world: DeliveryWorld, program: Program) => Promise<void>) => async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('no alertmanager');
    const world = await makeDeliveryWorld();
    try {
      await work(world, program);
    } finally {
      await world.end();
    }
  };

  it.concurrent(
    'a reload that fails: the one that runs is tested, and is not that of the file',
    inWorld(async (world, program) => {
      const running = await world.start(program, team(hook(world)));
      const file = await readFile(running.live.configFile, 'utf8');
      const broken = `${file}\nnobody: knows this\n`;
      await writeFile(running.live.configFile, broken);
      expect((await reload(running)).status).toBe(500);
      const report = await world.test(running, { inForce: applied(broken, running.stack) });
      expect(report).toMatchObject({
        exit: 1,
        isOtherConfiguration: true,
        integrations: [{ verdict: 'CONFIRMED' }],
      });
      expect(report.notes).toEqual([
        'the last reload of its configuration failed: an older one is in force, and not the file that Leitstand wrote. Its log says why (leitstand logs alertmanager). What is tested is what runs: it proves nothing about leitstand.yaml',
      ]);
      expect(isProven(world, running.stack)).toBe(false);

      await writeFile(running.live.configFile, file);
      expect((await reload(running)).status).toBe(200);
      const good = await world.test(running, { inForce: applied(file, running.stack) });
      expect(good).toMatchObject({ exit: 0, notes: [] });
      expect(isProven(world, running.stack)).toBe(true);
    }),
  );

  it.concurrent(
    'a file that was never loaded',
    inWorld(async (world, program) => {
      const running = await world.start(program, team(hook(world)));
      const file = `# another\n${await readFile(running.live.configFile, 'utf8')}`;
      const report = await world.test(running, { inForce: applied(file, running.stack) });
      expect(report).toMatchObject({ exit: 1, integrations: [{ verdict: 'CONFIRMED' }] });
      expect(report.notes).toEqual([
        'Alertmanager has loaded another configuration than the file that Leitstand wrote: leitstand up. What is tested is what runs: it proves nothing about leitstand.yaml',
      ]);
      expect(isProven(world, running.stack)).toBe(false);
    }),
  );

  it.concurrent(
    'a leitstand.yaml that was changed since: nobody of then is told',
    inWorld(async (world, program) => {
      const asked: string[] = [];
      const provider = await world.elsewhere((path) => {
        asked.push(path);
        return { status: 200 };
      });
      const at = (path: string) => team({ webhook: [{ url: `${provider}/${path}/${SECRET}` }] });
      const running = await world.start(program, at('old'));
      const inForce = applied(await readFile(running.live.configFile, 'utf8'), running.stack);
      const changed = alertingStack(at('new'));
      const report = await world.test(running, { inForce, alerting: stackAlerting(changed) });
      expect(report).toMatchObject({
        exit: 1,
        integrations: [
          {
            verdict: 'NOT-ROUTED',
            reason:
              'leitstand.yaml says something else about team than at the last `leitstand up`: Alertmanager would tell whom it said then',
            fix: 'leitstand up',
          },
        ],
      });
      expect(asked).toEqual([]);
      expect(isProven(world, changed)).toBe(false);
      expect((await world.test(running, { inForce })).exit).toBe(0);
      expect(isProven(world, running.stack)).toBe(true);
    }),
  );

  it.concurrent(
    'a crash in the middle of the tries: could not be checked, and the alert is told to nobody',
    inWorld(async (world, program) => {
      const running = await world.start(program, team(hook(world)));
      world.misbehave('webhook', { kind: 'status', status: 503 });
      const testing = world.test(running, { timeoutMs: 60_000 }).catch((error: unknown) => error);
      await refusal(world);
      await running.live.crash();
      expect(await testing).toMatchObject({
        code: 'LS-ALERTMANAGER-001',
        exit: 5,
        details: { fix: expect.stringContaining('leitstand status') },
      });
      world.history.misbehaviours.clear();
      await running.live.restart();
      expect(await firingTests(running.live)).toBe(0);
      expect(world.history.messages.list({ limit: 99 }).filter(({ accepted }) => accepted)).toEqual([]);
      expect(world.history.proofs.list({ limit: 9 })).toEqual([]);
      expect(world.history.deliveries.list({ limit: 9 })).toEqual([]);
    }),
  );

  it.concurrent(
    'a restart between two looks: what was not told by then is not told, and the report says so',
    inWorld(async (world, program) => {
      const silent = await world.elsewhere(() => undefined);
      const running = await world.start(program, {
        receivers: { team: hook(world), far: { webhook: [{ url: `${silent}/${SECRET}` }] } },
        severities: { critical: 'far' },
        default: 'team',
      });
      world.misbehave('webhook', { kind: 'status', status: 503 });
      const relay = await holdable(running.live.url);
      world.onEnd(() => relay.close());
      const testing = world.test(running, { alertmanagers: [relay.url], timeoutMs: 6_000 });
      await refusal(world);
      await relay.hold(() => running.live.restart());
      const report = await testing;
      expect(report).toMatchObject({
        exit: 1,
        resolved: true,
        integrations: [
          { receiver: 'team', verdict: 'FAILED', stage: 'receive', reason: expect.stringContaining('503') },
          {
            receiver: 'far',
            verdict: 'SENT-UNCONFIRMED',
            reason: 'Alertmanager was reloaded or restarted meanwhile, so its counters say nothing',
            fix: 'run the test again',
          },
        ],
      });
      expect(report.notes).toEqual([
        'Alertmanager was restarted during the test and forgot its alerts: what had not got through by then is told when Prometheus sends them again',
      ]);
      expect(await firingTests(running.live)).toBe(0);
    }),
  );
});

/** In front of an Alertmanager; while it is held, requests wait. */
async function holdable(upstream: string) {
  let held: Promise<unknown> = Promise.resolve();
  const underWay = new Set<Promise<unknown>>();
  const forward = async (path: string, method: string, body: string) => {
    await held;
    const answering = httpExchange(`${upstream}${path}`, {
      method: method as 'GET' | 'POST',
      ...(body === '' ? {} : { body, headers: { 'content-type': 'application/json' } }),
    });
    underWay.add(answering);
    return answering.finally(() => underWay.delete(answering));
  };
  const server = await localServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '/', method = 'GET' } = request;
      forward(url, method, Buffer.concat(chunks).toString()).then(
        ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
        () => response.destroy(),
      );
    });
  });
  return {
    url: server.url,
    /** Does the work once nothing is under way, and lets through what came meanwhile. */
    hold: async (work: () => Promise<void>) => {
      const holding = Promise.withResolvers<void>();
      held = holding.promise;
      try {
        await Promise.allSettled(underWay);
        await work();
      } finally {
        holding.resolve();
      }
    },
    close: () => server[Symbol.asyncDispose](),
  };
}
