// What the inbox takes, beside what one Alertmanager can send: the most webhook notifications that Alertmanager brings
// to a server that only counts, and the same messages to the inbox, which judges and keeps them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openHistory } from '../src/history/history.ts';
import { recordingStore } from '../src/inbox/notifications.ts';
import { startInbox } from '../src/inbox/server.ts';
import { systemClock } from '../src/platform/clock.ts';
import { httpExchange } from '../src/platform/http.ts';
import { findFreePort } from '../src/platform/ports.ts';
import { receiverPlugins } from '../src/receivers/registry.ts';
import { generations, requirePrograms } from '../test/integration/programs.ts';
import { median, report } from './measure.ts';

const ROUNDS = 3;
const GROUPS = 10_000;
const ALERTS_A_POST = 1000;
const MESSAGES = 20_000;
const WARM_UP = 10_000;
/** Files that a process may have open are few in some places. */
const MOST_LANES = 500;

const self = fileURLToPath(import.meta.url);
const [mode, ...args] = process.argv.slice(2);
if (mode === 'sink') serveSink(Number(args[0]));
else if (mode === 'inbox') await serveInbox(Number(args[0]), args[1] ?? '');
else await measure();

/** Counts, says when each hundredth of a second brought how many, and hands out one body. */
function serveSink(port: number): void {
  const slots = new Map<number, number>();
  let body = '';
  let total = 0;
  let open = 0;
  let mostOpen = 0;
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      const counted: Counted = { total, body, mostOpen, slots: [...slots] };
      return void response.end(JSON.stringify(counted));
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const slot = Math.floor(performance.now() / 10);
      slots.set(slot, (slots.get(slot) ?? 0) + 1);
      total += 1;
      body ||= Buffer.concat(chunks).toString();
      response.end('ok');
    });
  });
  server.on('connection', (socket) => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    socket.on('close', () => {
      open -= 1;
    });
  });
  server.listen(port, '127.0.0.1');
}

async function serveInbox(port: number, directory: string): Promise<void> {
  const history = openHistory(join(directory, 'leitstand.db'));
  await startInbox({
    port,
    host: '127.0.0.1',
    endpoints: receiverPlugins.flatMap(({ sandbox }) => sandbox ?? []),
    messages: recordingStore(history),
    misbehaviours: history.misbehaviours,
    directory: join(directory, 'inbox'),
    clock: systemClock,
  });
}

interface Counted {
  readonly total: number;
  readonly body: string;
  /** Connections at once. */
  readonly mostOpen: number;
  readonly slots: readonly (readonly [number, number])[];
}

/** Notifications a second: of the middle eighty of a hundred, and in the best whole second. */
function ratesOf({ slots, total }: Counted): { readonly sustained: number; readonly best: number } {
  const arrivals = slots.toSorted(([a], [b]) => a - b).flatMap(([slot, n]) => Array<number>(n).fill(slot));
  const [from = 0, to = 0] = [arrivals[Math.floor(total * 0.1)], arrivals[Math.floor(total * 0.9)]];
  const inSecond = (start: number) =>
    slots.reduce((sum, [at, n]) => (at >= start && at < start + 100 ? sum + n : sum), 0);
  return {
    sustained: (total * 0.8) / ((to - from) / 100),
    best: Math.max(...slots.map(([slot]) => inSecond(slot))),
  };
}

async function measure(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'leitstand-bench-'));
  const children: ChildProcess[] = [];
  try {
    const [generation] = generations;
    if (!generation) throw new Error('no Alertmanager on this machine: npm test names what is missing');
    const alertmanager = (await requirePrograms(generation)).get('alertmanager')?.path ?? '';
    const parts: number[] = [];
    let lost = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const place = join(directory, String(round));
      mkdirSync(place);
      const counted = await alertmanagersBest(alertmanager, place, children);
      const sent = ratesOf(counted);
      const lanes = Math.min(MOST_LANES, counted.mostOpen);
      const inbox = await inboxRate({ body: counted.body, directory: place, children, lanes });
      parts.push(sent.sustained / inbox.rate);
      lost += MESSAGES - inbox.kept;
      process.stdout.write(
        `Alertmanager (${generation}) sends ${sent.sustained.toFixed(0)} notifications/s (best second: ${sent.best}) on up to ${counted.mostOpen} connections; the inbox takes ${inbox.rate.toFixed(0)} messages/s on ${lanes}: ${(inbox.rate / sent.sustained).toFixed(2)} x\n`,
      );
    }
    report([
      {
        name: 'Alertmanager, in parts of what the inbox takes',
        measured: median(parts),
        goal: 0.5,
        unit: 'x',
      },
      { name: 'messages that were answered and not kept', measured: lost, goal: 0, unit: 'messages' },
    ]);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

function start(children: ChildProcess[], file: string, ...words: readonly string[]): ChildProcess {
  const child = spawn(file, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

async function untilUp(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await httpExchange(url);
      return;
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Every alert is a group of its own, so that each is one notification; back-dated, they go out at once. */
async function alertmanagersBest(
  program: string,
  directory: string,
  children: ChildProcess[],
): Promise<Counted> {
  const [port, sinkPort] = [await findFreePort(0), await findFreePort(0)];
  const config = join(directory, 'alertmanager.yml');
  writeFileSync(
    config,
    `route: {receiver: all, group_by: ['...'], group_wait: 1s, group_interval: 1h, repeat_interval: 2h}
receivers: [{name: all, webhook_configs: [{url: 'http://127.0.0.1:${sinkPort}/webhook'}]}]
`,
  );
  const sinkUrl = `http://127.0.0.1:${sinkPort}/`;
  const sink = start(children, process.execPath, self, 'sink', String(sinkPort));
  const sender = start(
    children,
    program,
    `--config.file=${config}`,
    `--storage.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
    '--log.level=error',
  );
  await untilUp(sinkUrl);
  await untilUp(`http://127.0.0.1:${port}/-/ready`);
  const startsAt = new Date(Date.now() - 60_000).toISOString();
  for (let first = 0; first < GROUPS; first += ALERTS_A_POST) {
    const alerts = Array.from({ length: ALERTS_A_POST }, (_, i) => ({
      labels: { alertname: `Bench${first + i}`, severity: 'critical', instance: `host-${i}:9100` },
      annotations: { summary: `number ${first + i} is wrong`, description: 'It is a benchmark. '.repeat(5) },
      startsAt,
    }));
    const { status } = await httpExchange(`http://127.0.0.1:${port}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    if (status !== 200) throw new Error(`Alertmanager answered ${status}`);
  }
  for (let tries = 0; ; tries++) {
    const counted = JSON.parse((await httpExchange(sinkUrl)).body) as Counted;
    if (counted.total >= GROUPS) {
      sender.kill('SIGKILL');
      sink.kill('SIGKILL');
      return counted;
    }
    if (tries > 120) throw new Error(`only ${counted.total} of ${GROUPS} notifications came`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

interface Load {
  readonly body: string;
  readonly directory: string;
  readonly children: ChildProcess[];
  readonly lanes: number;
}

async function inboxRate({ body, directory, children, lanes }: Load) {
  const port = await findFreePort(0);
  const inbox = start(children, process.execPath, self, 'inbox', String(port), directory);
  await untilUp(`http://127.0.0.1:${port}/`);
  const head = `POST /webhook HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: Alertmanager/0.31.1\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const request = Buffer.from(head + body);
  await drive(port, request, { count: WARM_UP, lanes });
  const before = performance.now();
  await drive(port, request, { count: MESSAGES, lanes });
  const rate = MESSAGES / ((performance.now() - before) / 1000);
  const history = openHistory(join(directory, 'leitstand.db'));
  const kept = history.messages.lastId() - WARM_UP;
  history.close();
  inbox.kill('SIGKILL');
  return { rate, kept };
}

/** One request after the other on each connection, as Alertmanager's client does; rejects when one is refused. */
async function drive(
  port: number,
  request: Buffer,
  { count, lanes }: { readonly count: number; readonly lanes: number },
): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    await new Promise<void>((resolve, reject) => {
      const next = () => {
        if (left-- > 0) socket.write(request);
        else socket.destroy();
      };
      socket.on('data', (bytes: Buffer) => {
        if (!bytes.toString('latin1').startsWith('HTTP/1.1 200')) reject(new Error(bytes.toString()));
        next();
      });
      socket.once('close', () => resolve());
      next();
    });
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
