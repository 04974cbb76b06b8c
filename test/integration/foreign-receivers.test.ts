import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stackAlerting } from '../../src/delivery/alerting.ts';
import { testDelivery } from '../../src/delivery/test-delivery.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { freePort } from '../fixtures/free-port.ts';
import { runProgram } from '../../src/platform/processes.ts';
import {
  FOREIGN_INTEGRATIONS,
  FOREIGN_TYPES,
  keysOf,
} from '../../src/receivers/alertmanager/integrations.ts';
import { isAtLeast } from '../../src/stack/version.ts';
import { alertingStack } from '../fixtures/alerting.ts';
import { localServer } from '../fixtures/local-server.ts';
import { SAMPLES } from '../receivers/alertmanager/samples.ts';
import { type LiveAlertmanager, renderAlerting, startAlertmanager } from './live-alertmanager.ts';
import { generations, requirePrograms } from './programs.ts';

const NOTHING = { since: '', sendsResolved: true, keys: {} };

let directory = '';
let live: LiveAlertmanager | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foreign-'));
});
afterEach(async () => {
  await live?.stop();
  live = undefined;
  await rm(directory, { recursive: true, force: true });
});

function stackOf(entries: readonly { readonly type: string; readonly settings: unknown }[]) {
  return alertingStack({
    receivers: { 'on-call': { alertmanager: entries } },
    default: 'on-call',
    groupWaitMs: 1_000,
    groupIntervalMs: 1_000,
  });
}

describe.each(generations)("Alertmanager's own integrations with %s programs", (generation) => {
  async function programs() {
    const found = await requirePrograms(generation);
    const [alertmanager, amtool] = [found.get('alertmanager'), found.get('amtool')];
    if (!alertmanager || !amtool) throw new Error('incomplete');
    const known = FOREIGN_TYPES.filter((type) =>
      isAtLeast(alertmanager.version, FOREIGN_INTEGRATIONS[type]?.since ?? ''),
    );
    return { alertmanager, amtool, known };
  }

  it('amtool takes a sample of each that it knows', async () => {
    const { alertmanager, amtool, known } = await programs();
    const entries = known.map((type) => ({ type, settings: SAMPLES[type] ?? {} }));
    const { configFile, rendered } = await renderAlerting(stackOf(entries), alertmanager, directory);
    const { stdout, stderr, exitCode } = await runProgram(amtool.path, ['check-config', configFile]);
    expect(stdout + stderr).toContain('SUCCESS');
    expect(exitCode).toBe(0);
    expect(rendered.private).toBe(true);
    expect(known.length).toBeGreaterThan(6);
  });

  it('the data about keys is that of the program: it takes what it knows, and nothing newer', async () => {
    const { alertmanager, amtool, known } = await programs();
    const lines = ['route: {receiver: a}', 'receivers: [{name: a}', ''];
    const wanted = new Map<string, boolean>();
    for (const type of known) {
      lines.push(`,{name: ${type}, ${type}_configs: [{`);
      // One that nobody knows: the complaint about it keeps the others from being judged as a whole.
      for (const [key, since] of [
        ...keysOf(FOREIGN_INTEGRATIONS[type] ?? NOTHING),
        ['zzz', '9.0'] as const,
      ]) {
        // A value that fits no field: of a key that is known the complaint is another one.
        lines.push(`  ${key}: {zz: [1]},`);
        wanted.set(`line ${lines.length}: field ${key} not found`, !isAtLeast(alertmanager.version, since));
      }
      lines.push('}]}');
    }
    const file = join(directory, 'all.yml');
    await writeFile(file, [...lines, ']'].join('\n'));
    const { stdout, stderr } = await runProgram(amtool.path, ['check-config', file]);
    const said = new Set((stdout + stderr).match(/line \d+: field \w+ not found/g));
    const wrong = [...wanted].filter(([complaint, isWanted]) => said.has(complaint) !== isWanted);
    expect(wrong).toEqual([]);
    expect(wanted.size).toBeGreaterThan(60);
  });

  describe('alert test judges by the counters', () => {
    const KEY = '7f3a-key-7f3a-key';
    const telegram = (url: string) => ({
      type: 'telegram',
      settings: { api_url: url, bot_token: `1:${KEY}`, chat_id: -100 },
    });
    const discord = (url: string) => ({
      type: 'discord',
      settings: { webhook_url: `${url}/api/webhooks/1/${KEY}` },
    });

    async function test(entries: readonly { readonly type: string; readonly settings: unknown }[]) {
      const stack = stackOf(entries);
      const running = await startAlertmanager((await programs()).alertmanager, stack, directory);
      live = running;
      const report = await testDelivery({
        alertmanagers: [running.url],
        alerting: stackAlerting(stack),
        language: 'en',
        logTail: (lines) => running.logTail(lines),
        clock: systemClock,
        random: (bytes) => randomBytes(bytes),
        timeoutMs: 15_000,
        onProgress: () => undefined,
      });
      // Alertmanager quotes the URL that it could not reach, and Telegram's holds the token.
      expect(JSON.stringify(report)).not.toContain(KEY);
      return report;
    }

    it('what is taken', async () => {
      const bodies: string[] = [];
      await using bot = await answering(
        { ok: true, result: { message_id: 1, chat: { id: -100 } } },
        200,
        bodies,
      );
      await using channel = await answering(undefined, 204, bodies);
      const report = await test([telegram(bot.url), discord(channel.url)]);
      expect(report.integrations).toMatchObject([
        {
          receiver: 'on-call',
          type: 'telegram',
          index: 0,
          verdict: 'ACCEPTED',
          evidence: expect.any(String),
        },
        { receiver: 'on-call', type: 'discord', index: 0, verdict: 'ACCEPTED', evidence: expect.any(String) },
      ]);
      expect(report.exit).toBe(0);
      for (const body of bodies) expect(body).toContain(report.nonce);
      expect(bodies.join()).toContain(`/bot1:${KEY}/sendMessage`);
    });

    it('what is refused, and what is not reached', async () => {
      const refusal = { ok: false, error_code: 401, description: 'Unauthorized' };
      await using bot = await answering(refusal, 401, []);
      await using channel = await answering({ message: 'Unknown Webhook', code: 10_015 }, 404, []);
      const gone = `http://127.0.0.1:${await freePort()}`;
      const report = await test([telegram(bot.url), telegram(gone), discord(channel.url)]);
      // The log speaks of Discord when Telegram is given up, the counter at once.
      expect(report.integrations).toMatchObject([
        { type: 'telegram', index: 0, verdict: 'FAILED', reason: expect.stringContaining('Unauthorized') },
        { type: 'telegram', index: 1, verdict: 'FAILED', reason: expect.stringContaining('refused') },
        { type: 'discord', index: 0, verdict: 'FAILED', reason: expect.stringMatching(/gave up|404/) },
      ]);
      expect(report.exit).toBe(1);
    });
  });
});

/** Answers everything alike, and keeps what was asked. */
function answering(body: unknown, status: number, bodies: string[]) {
  return localServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(`${request.url} ${Buffer.concat(chunks).toString('utf8')}`);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
}
