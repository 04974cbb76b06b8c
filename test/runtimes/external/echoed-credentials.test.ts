import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../../src/components/alertmanager/api.ts';
import { createPrometheusApi } from '../../../src/components/prometheus/api.ts';
import { createPushgatewayApi } from '../../../src/components/pushgateway/api.ts';
import { createVictoriaLogsApi } from '../../../src/components/victoria-logs/api.ts';
import { askVersion } from '../../../src/runtimes/external/probe.ts';
import type { Address, Connection } from '../../../src/stack/connection.ts';
import { Secret } from '../../../src/stack/secret.ts';
import { localServer } from '../../fixtures/local-server.ts';

const TOKEN = Buffer.from('me:hunter2').toString('base64');

it('no error quotes credentials that a server echoes', async () => {
  await using server = await localServer(({ headers }, response) =>
    response.end(JSON.stringify({ headers })),
  );
  const attached: Connection = {
    url: server.url,
    authorization: new Secret(`Basic ${TOKEN}`, 'secret PASSWORD'),
    settings: 'attach.prometheus',
  };
  const inUrl = server.url.replace('://', '://me:hunter2@');
  const asked = (address: Address) => [
    createPrometheusApi(address).version(),
    createAlertmanagerApi(address).status(),
    createPushgatewayApi(address).groups(),
    createVictoriaLogsApi(address).partitions(),
    createVictoriaLogsApi(address).query('*').next(),
  ];
  const all = [askVersion('prometheus', attached), ...asked(attached), ...asked(inUrl)];
  const quoted: string[] = [];
  for (const outcome of await Promise.allSettled(all)) {
    expect(outcome.status).toBe('rejected');
    const text = inspect(outcome, { depth: 10 });
    expect(text).not.toContain(TOKEN);
    if (text.includes('<credentials>')) quoted.push(text);
  }
  expect(quoted.length).toBeGreaterThan(5);
});
