import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogShipping } from '../../../src/daemon/log-shipping/log-shipping.ts';
import type { ShippingTimes } from '../../../src/daemon/log-shipping/times.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { makeLayout, type NativeLayout, nativeLayout } from '../../../src/runtimes/native/layout.ts';
import { rotateOnce } from '../../../src/runtimes/native/log-rotation.ts';
import { eventually } from '../../runtimes/native/harness.ts';
import { FakeStore } from './fake-store.ts';

const FAST: ShippingTimes = {
  poll: 10,
  patience: 300,
  timeout: 500,
  firstBackoff: 20,
  longestBackoff: 200,
  settle: 1_000,
  heartbeat: 100,
  save: 50,
};

let root: string;
let layout: NativeLayout;
let store: FakeStore;
let shipping: LogShipping | undefined;
let said: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-shipping-'));
  layout = nativeLayout(root);
  await makeLayout(layout);
  store = await FakeStore.open();
  said = [];
});
afterEach(async () => {
  await shipping?.close();
  shipping = undefined;
  await store[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** What a killed daemon leaves behind: the saved positions of some moment, and nothing else. */
async function startAsDaemon(
  times: Partial<ShippingTimes> = {},
  components = ['alpha'],
): Promise<LogShipping> {
  shipping = new LogShipping({
    layout,
    clock: systemClock,
    say: (text) => said.push(text),
    times: { ...FAST, ...times },
  });
  await shipping.converge({
    stack: 'test',
    components: components.map((component) => ({
      component,
      programPath: '/bin/true',
      programVersion: '1',
      args: [],
      env: {},
      dataDir: '/',
      ready: { url: 'http://127.0.0.1:1/' },
      filesHash: '',
    })),
    inbox: { enabled: false, port: 0 },
    daemon: { port: 1, environment: 'staging', logPush: store.url, expected: [] },
  });
  return shipping;
}

let counter = 0;
/** Numbered lines with a time each, as a program would append them. */
async function write(count: number, component = 'alpha'): Promise<string[]> {
  const lines = Array.from({ length: count }, () => {
    counter += 1;
    const at = new Date(Date.now()).toISOString();
    return `ts=${at} level=info msg="line ${counter}"`;
  });
  await appendFile(layout.log(component), lines.map((line) => `${line}\n`).join(''));
  return lines;
}

async function arrives(lines: readonly string[], component = 'alpha'): Promise<void> {
  await eventually(async () => {
    const there = new Set(store.texts(component));
    return lines.every((line) => there.has(line));
  }, `all of ${lines.length} lines`);
}

describe('what is written', () => {
  it('arrives once, in order, with its labels and its own time', async () => {
    const before = await write(100);
    await startAsDaemon();
    await arrives(before);
    const after = await write(900);
    await arrives(after);
    expect(store.texts('alpha')).toEqual([...before, ...after]);
    const [first] = store.lines;
    expect(first?.labels).toEqual({
      stack: 'test',
      environment: 'staging',
      component: 'alpha',
      job: 'leitstand',
    });
    expect(first?.ns).toBe(`${Date.parse(/ts=(\S+)/.exec(first?.text ?? '')?.[1] ?? '')}000000`);
    // The store has a line before its answer is back.
    await eventually(async () => shipping?.counts.shipped === 1000, 'counted');
  });

  it('is the programs’ and the daemon’s own', async () => {
    await startAsDaemon({}, ['alpha', 'beta']);
    for (const component of ['alpha', 'beta', 'daemon']) await arrives(await write(3, component), component);
  });

  it('may be garbage, without end, or too long', async () => {
    const log = layout.log('alpha');
    await writeFile(log, Buffer.from([0xff, 0xfe, 0, 1, 0x41, 10]));
    await appendFile(log, '\n   \n\r\nwindows\r\n');
    await appendFile(log, `${'x'.repeat(100_000)}\nafter\n`);
    await appendFile(log, 'no end');
    await startAsDaemon();
    await eventually(async () => store.texts('alpha').includes('no end'), 'the line without end');
    const texts = store.texts('alpha');
    expect(texts).toEqual([
      '\uFFFD\uFFFD\u0000\u0001A',
      'windows',
      `${'x'.repeat(65_536)} …[cut: 34464 bytes more]`,
      'after',
      'no end',
    ]);
    await appendFile(log, ' and the rest\n');
    await arrives([' and the rest']);
  });

  it('may be a line of megabytes, which is read at once and not taken for the end', async () => {
    await writeFile(layout.log('alpha'), `${'x'.repeat(3_000_000)}\nafter\n`);
    await startAsDaemon({ poll: 60_000 });
    await arrives(['after']);
  });

  it('keeps the time of a trace’s first line, so that a repeat is known as one', async () => {
    const at = new Date(Date.now() - 60_000).toISOString();
    await writeFile(layout.log('alpha'), `ts=${at} msg=panic\ngoroutine 1 [running]:\n\tmain.go:3\n`);
    await startAsDaemon();
    await arrives(['\tmain.go:3']);
    expect(new Set(store.lines.map(({ ns }) => ns))).toEqual(new Set([`${Date.parse(at)}000000`]));
  });
});

describe('a log store that', () => {
  it('is not there yet, or goes and comes back as the same process, gets each line once', async () => {
    await store.down();
    const early = await write(50);
    await startAsDaemon();
    await eventually(async () => said.length > 0, 'said');
    expect(said[0]).toContain('wait in the log files');
    await store.up();
    await arrives(early);
    await store.down();
    const late = await write(50);
    await systemClock.sleep(100);
    await store.up();
    await arrives(late);
    expect(store.texts('alpha')).toEqual([...early, ...late]);
    expect(said.at(-1)).toContain('takes lines again');
  });

  it('was killed, and lost what it had taken, gets that once more', async () => {
    await startAsDaemon();
    const all = await write(200);
    await arrives(all);
    await store.killAndRestart(150);
    all.push(...(await write(10)));
    await arrives(all);
    expect(said.join()).toContain('started anew');
  });

  it('was killed while nothing was written gets it as well', async () => {
    await startAsDaemon();
    const all = await write(200);
    await arrives(all);
    await store.killAndRestart(150);
    await arrives(all);
  });

  it('was killed long after it took them gets nothing twice', async () => {
    await startAsDaemon({ settle: 200 });
    const all = await write(200);
    await arrives(all);
    await systemClock.sleep(1_000);
    await store.killAndRestart(0);
    const more = await write(10);
    await arrives(more);
    // The new ones may come twice: they may be taken before anybody asks which process takes them.
    expect(store.texts('alpha').filter((line) => all.includes(line))).toEqual(all);
  });

  it('does not say who it is gets everything unsettled again after an outage', async () => {
    store.identity = undefined;
    await startAsDaemon();
    const all = await write(100);
    await arrives(all);
    await store.down();
    store.lines = [];
    await systemClock.sleep(300);
    const more = await write(1);
    await systemClock.sleep(100);
    await store.up();
    await arrives([...all, ...more]);
  });

  it('fails, hangs, breaks off or asks for patience, gets everything in the end', async () => {
    const all = await write(20);
    let asked = 0;
    store.answer = (_lines, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(429, { 'retry-after': '0' }).end();
      else if (asked === 2) response.destroy();
      else if (asked === 4) response.writeHead(500).end('boom');
      // The third gets no answer at all.
      return asked <= 4;
    };
    await startAsDaemon();
    await arrives(all);
    expect(store.texts('alpha')).toEqual(all);
    expect(asked).toBe(5);
    expect(said.join()).toContain('answers 500: boom');
  });

  it('refuses one line gets all others; the one is counted and named', async () => {
    const all = await write(300);
    const bad = all[137] ?? '';
    store.answer = (lines, response) => {
      if (!lines.some(({ text }) => text === bad)) return false;
      response.writeHead(400).end('entry out of bounds');
      return true;
    };
    await startAsDaemon();
    const good = all.filter((line) => line !== bad);
    await arrives(good);
    expect(store.texts('alpha')).toEqual(good);
    await eventually(async () => shipping?.counts.dropped.get('refused') === 1, 'counted');
    await eventually(async () => said.some((text) => text.includes('entry out of bounds')), 'said');
  });

  it('takes only small pushes gets small ones', async () => {
    store.answer = (lines, response) => {
      if (lines.length <= 7) return false;
      response.writeHead(413).end();
      return true;
    };
    const all = await write(200);
    await startAsDaemon();
    await arrives(all);
    expect(store.texts('alpha')).toEqual(all);
    expect(shipping?.counts.dropped.get('refused')).toBe(0);
  });

  it('refuses us altogether loses nothing', async () => {
    let closed = true;
    store.answer = (_lines, response) => {
      if (closed) response.writeHead(403).end('who are you');
      return closed;
    };
    const all = await write(10);
    await startAsDaemon();
    await eventually(async () => said.some((text) => text.includes('answers 403: who are you')), 'said');
    closed = false;
    await arrives(all);
    expect(store.texts('alpha')).toEqual(all);
  });
});

describe('a daemon', () => {
  it('that ended goes on where it was', async () => {
    const all = await write(100);
    await (await startAsDaemon()).close();
    const second = await startAsDaemon();
    await arrives(all);
    await second.close();
    const more = await write(100);
    await startAsDaemon();
    await arrives(more);
    expect(new Set(store.texts('alpha'))).toEqual(new Set([...all, ...more]));
  });

  it('that was killed sends again what came after its last saved positions, and all of it', async () => {
    const all = await write(100);
    const first = await startAsDaemon();
    await arrives(all);
    await eventually(async () => (await savedOffset()) > 0, 'saved');
    const saved = await readFile(layout.logPositions);
    const more = await write(100);
    await arrives(more);
    await first.close();
    await writeFile(layout.logPositions, saved);
    await startAsDaemon();
    await arrives([...all, ...more]);
    const last = await write(1);
    await arrives(last);
    expect(store.texts('alpha')).toEqual([...all, ...more, ...more, ...last]);
  });

  it('that was killed together with the store sends again what is not settled', async () => {
    const all = await write(100);
    const first = await startAsDaemon({ settle: 60_000 });
    await arrives(all);
    await eventually(async () => (await savedOffset()) > 0, 'saved');
    await first.close();
    await store.killAndRestart(100);
    await startAsDaemon({ settle: 60_000 });
    await arrives(all);
  });

  it('whose positions are damaged sends everything that is there', async () => {
    const all = await write(10);
    await writeFile(layout.logPositions, '{"version":1,');
    await startAsDaemon();
    await arrives(all);
  });

  async function savedOffset(): Promise<number> {
    const text = await readFile(layout.logPositions, 'utf8').catch(() => '{}');
    const parsed = JSON.parse(text) as { components?: { alpha?: { taken: { offset: number } } } };
    return parsed.components?.alpha?.taken.offset ?? 0;
  }
});

describe('a rotation', () => {
  const rotate = (around?: LogShipping, flood?: number) =>
    rotateOnce(layout.logs, 0, around?.rotating, flood);

  it('loses nothing, whatever was read of the log by then', async () => {
    const running = await startAsDaemon();
    const all: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      all.push(...(await write(500)));
      // A rotation while the former remainder is unsent would drop it, and count that.
      await eventually(async () => store.lines.length > all.length - 400, 'nearly all');
      await rotate(running);
    }
    await arrives(all);
    expect(store.texts('alpha')).toEqual(all);
    expect(running.counts.dropped.get('flood')).toBe(0);
  });

  it('while the store is away keeps one log’s worth; what is more is counted and named', async () => {
    const running = await startAsDaemon();
    await arrives(await write(1));
    await store.down();
    const gone = await write(30_000);
    await systemClock.sleep(200);
    await rotate(running);
    const kept = await write(30_000);
    await rotate(running);
    const last = await write(5);
    await store.up();
    await arrives([...kept.slice(-1_000), ...last]);
    const there = new Set(store.texts('alpha'));
    const missing = [...gone, ...kept, ...last].filter((line) => !there.has(line)).length;
    expect(missing).toBeGreaterThan(0);
    expect(running.counts.dropped.get('flood')).toBe(missing);
    await eventually(
      async () => said.some((text) => text.includes(`${missing} lines dropped`)),
      'said',
      15_000,
    );
  });

  it('of a flood keeps its end and counts the rest', async () => {
    await store.down();
    const running = await startAsDaemon();
    const all = await write(20_000);
    await rotateOnce(layout.logs, 100_000, running.rotating, 200_000);
    await store.up();
    await arrives(all.slice(-1_000));
    const there = store.texts('alpha');
    expect(there).toEqual(all.slice(-there.length));
    expect(running.counts.dropped.get('flood')).toBe(all.length - there.length);
  });

  it('that the next daemon finds is gone on with in the rotated log', async () => {
    const first = await startAsDaemon();
    const all = await write(10);
    await arrives(all);
    // What is not known to have arrived by then is sent once more.
    await eventually(async () => first.counts.shipped === 10, 'counted');
    await first.close();
    all.push(...(await write(10)));
    await rotate();
    all.push(...(await write(10)));
    await startAsDaemon();
    await arrives(all);
    expect(store.texts('alpha').slice(10)).toEqual(all.slice(10));
  });

  it('cuts a line in two, and it arrives whole', async () => {
    const running = await startAsDaemon({ patience: 60_000 });
    await appendFile(layout.log('alpha'), 'first half, ');
    await systemClock.sleep(100);
    await rotate(running);
    await appendFile(layout.log('alpha'), 'second half\n');
    await arrives(['first half, second half']);
  });

  it('by somebody else, who empties the log, goes on with what comes', async () => {
    await startAsDaemon();
    await arrives(await write(100));
    await truncate(layout.log('alpha'));
    await systemClock.sleep(100);
    await arrives(await write(5));
    await rm(layout.log('alpha'));
    await systemClock.sleep(100);
    // Fewer: seen as another file even where nobody looked in between.
    await arrives(await write(3));
  });
});
