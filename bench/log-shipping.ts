// The CPU that shipping 1,000 lines/s costs the daemon, beside `tail -F | cat` on the same log in the same run.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LogShipping } from '../src/daemon/log-shipping/log-shipping.ts';
import { systemClock } from '../src/platform/clock.ts';
import { findFreePort } from '../src/platform/ports.ts';
import { makeLayout, nativeLayout } from '../src/runtimes/native/layout.ts';
import { report } from './measure.ts';

const LINES_A_SECOND = 1_000;
const WARM_UP_S = 5;
const MEASURED_S = 20;
/** Ticks of /proc/PID/stat; 100 on every Linux we know (getconf CLK_TCK). */
const TICKS_A_SECOND = 100;

const [mode, directory = '', port = ''] = process.argv.slice(2);
if (mode === 'ship') await ship();
else if (mode === 'store') takeEverything();
else await measure();

/** The shipping part of the daemon, alone. */
async function ship(): Promise<void> {
  const layout = nativeLayout(directory);
  await makeLayout(layout);
  const shipping = new LogShipping({
    layout,
    clock: systemClock,
    say: (text) => process.stderr.write(`${text}\n`),
  });
  await shipping.converge({
    stack: 'bench',
    components: [
      {
        component: 'alpha',
        programPath: '/bin/true',
        programVersion: '1',
        args: [],
        env: {},
        dataDir: '/',
        ready: { url: 'http://127.0.0.1:1/' },
        filesHash: '',
      },
    ],
    inbox: { enabled: false, port: 0 },
    daemon: {
      port: 1,
      environment: 'local',
      logPush: `http://127.0.0.1:${port}/loki/api/v1/push`,
      expected: [],
    },
  });
}

function takeEverything(): void {
  let taken = 0;
  createServer((request, response) => {
    if (request.url === '/metrics')
      return void response.end(`process_start_time_seconds 1\ntaken ${taken}\n`);
    request.on('data', (part: Buffer) => {
      for (let at = part.indexOf('line '); at !== -1; at = part.indexOf('line ', at + 1)) taken += 1;
    });
    request.on('end', () => response.writeHead(204).end());
  }).listen(Number(port), '127.0.0.1');
}

/** Seconds of CPU since its start. Source: proc(5), fields 14 and 15 of /proc/PID/stat. */
function cpuOf(pid: number | undefined): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

async function measure(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'leitstand-bench-'));
  const layout = nativeLayout(root);
  await makeLayout(layout);
  const log = layout.log('alpha');
  appendFileSync(log, '');
  const storePort = String(await findFreePort(0));
  const self = fileURLToPath(import.meta.url);
  const children: ChildProcess[] = [
    spawn(process.execPath, [self, 'store', root, storePort], { stdio: 'inherit' }),
    spawn(process.execPath, [self, 'ship', root, storePort], { stdio: 'inherit' }),
    spawn('tail', ['-n', '0', '-F', log], { stdio: ['ignore', 'pipe', 'ignore'] }),
    spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] }),
  ];
  const [, shipper, tail, cat] = children;
  if (tail?.stdout && cat?.stdin) tail.stdout.pipe(cat.stdin);
  try {
    let written = 0;
    const writer = setInterval(() => {
      let text = '';
      for (let i = 0; i < LINES_A_SECOND / 20; i += 1) {
        written += 1;
        text += `ts=${new Date().toISOString()} level=info component=tsdb msg="line ${written}" duration=1.2ms series=12345 path=/var/lib/prometheus\n`;
      }
      appendFileSync(log, text);
    }, 50);
    const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));
    await seconds(WARM_UP_S);
    const before = [cpuOf(shipper?.pid), cpuOf(tail?.pid) + cpuOf(cat?.pid), written] as const;
    await seconds(MEASURED_S);
    const after = [cpuOf(shipper?.pid), cpuOf(tail?.pid) + cpuOf(cat?.pid), written] as const;
    clearInterval(writer);
    await seconds(3);
    const page = await (await fetch(`http://127.0.0.1:${storePort}/metrics`)).text();
    const taken = Number(/^taken (\d+)/m.exec(page)?.[1]);
    const [own, peer] = [after[0] - before[0], after[1] - before[1]];
    process.stdout.write(
      `${((after[2] - before[2]) / MEASURED_S).toFixed(0)} lines/s; tail -F | cat: ${((peer / MEASURED_S) * 100).toFixed(2)} % of a core\n`,
    );
    report([
      { name: 'shipping 1,000 lines/s', measured: (own / MEASURED_S) * 100, goal: 2, unit: '% of a core' },
      { name: 'lines that did not arrive', measured: written - taken, goal: 0, unit: 'lines' },
    ]);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
}
