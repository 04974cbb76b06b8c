// A test alert: post → all four types CONFIRMED, against the moment a bare sink has the same notification.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fourChannels, makeDeliveryWorld } from '../test/integration/delivery-world.ts';
import { generations, requirePrograms } from '../test/integration/programs.ts';
import { median, report } from './measure.ts';

const ROUNDS = 15;

interface Heard {
  /** Milliseconds since 1970: when the alert was posted, which is back-dated by an hour. */
  readonly postedAt: number;
  readonly at: number;
}

/** Nothing but an answer: how fast Alertmanager itself is. */
async function bareSink() {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const at = Date.now();
      response.end();
      const { status, alerts } = JSON.parse(body) as { status: string; alerts: { startsAt: string }[] };
      if (status === 'firing')
        heard.push({ at, postedAt: Date.parse(alerts[0]?.startsAt ?? '') + 3_600_000 });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    heard,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}

for (const generation of generations) {
  const world = await makeDeliveryWorld();
  const sink = await bareSink();
  const program = (await requirePrograms(generation)).get('alertmanager');
  if (!program) throw new Error('no alertmanager');
  const channels = fourChannels(world);
  const running = await world.start(program, {
    receivers: { 'on-call': channels, bare: { webhook: [{ url: sink.url }] } },
    severities: { critical: 'bare' },
    default: 'on-call',
  });
  const confirmed: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    sink.heard.length = 0;
    const verdicts: number[] = [];
    const { integrations } = await world.test(running, {
      onProgress: (event) => {
        if (event.type === 'step' && event.text.startsWith('on-call')) verdicts.push(Date.now());
      },
    });
    const four = integrations.filter(({ receiver }) => receiver === 'on-call');
    const [heard] = sink.heard;
    if (!heard || !four.every(({ verdict }) => verdict === 'CONFIRMED'))
      throw new Error(JSON.stringify(four));
    confirmed.push(Math.max(...verdicts) - heard.postedAt);
    bare.push(heard.at - heard.postedAt);
  }
  sink.close();
  await world.end();
  const [ours, flush] = [median(confirmed), median(bare)];
  process.stdout.write(
    `${generation}: a bare sink has the notification after ${flush.toFixed(0)} ms, all four are CONFIRMED after ${ours.toFixed(0)} ms\n`,
  );
  report([
    {
      name: 'post → all four CONFIRMED, over a bare sink',
      measured: (ours - flush) / 1000,
      goal: 0.3,
      unit: 's',
    },
  ]);
}
