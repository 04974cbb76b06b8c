import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { writeSecretFiles } from '../../src/deployment/secret-files.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { writeFileAtomic } from '../../src/platform/files.ts';
import { httpExchange } from '../../src/platform/http.ts';
import type { Plan } from '../../src/stack/plan.ts';
import type { Runtime } from '../../src/stack/runtime.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { alertingStack } from '../fixtures/alerting.ts';
import { startProvider } from '../fixtures/provider.ts';
import { renderAlerting, startAlertmanager } from './live-alertmanager.ts';
import { generations, requirePrograms } from './programs.ts';

/** Everything that a version reads from a file, each told from the others by its path. */
function stackWith(url: string, secret: string, isCurrent: boolean): Stack {
  return alertingStack({
    receivers: {
      'on-call': {
        slack: [
          { webhook_url: `${url}/slack-${secret}` },
          ...(isCurrent
            ? [{ app_token: `xoxb-${secret}-abcdef`, channel: '#a', api_url: `${url}/token` }]
            : []),
        ],
        webhook: [
          // 0.25 has the URL in its configuration.
          {
            url: isCurrent ? `${url}/webhook-${secret}` : `${url}/webhook`,
            bearer_token: `bearer-${secret}`,
          },
          { url: `${url}/basic`, username: 'am', password: `password-${secret}` },
        ],
      },
    },
    default: 'on-call',
    groupWaitMs: 0,
    groupIntervalMs: 1_000,
  });
}

function expected(secret: string, isCurrent: boolean): string[] {
  const basic = Buffer.from(`am:password-${secret}`).toString('base64');
  return [
    `/slack-${secret} -`,
    ...(isCurrent ? [`/token/chat.postMessage Bearer xoxb-${secret}-abcdef`] : []),
    `${isCurrent ? `/webhook-${secret}` : '/webhook'} Bearer bearer-${secret}`,
    `/basic Basic ${basic}`,
  ].sort();
}

describe.each(generations)('secrets of a running Alertmanager, %s', (generation) => {
  const isCurrent = generation === 'current';

  it('are used anew at the next send, without a reload, when `up` has replaced their files', async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('incomplete');
    const directory = await mkdtemp(join(tmpdir(), 'rotation-'));
    await using server = await startProvider(() => ({ status: 200, body: 'ok' }));
    const alertmanager = await startAlertmanager(
      program,
      stackWith(server.url, 'first', isCurrent),
      directory,
    );
    try {
      const api = createAlertmanagerApi(alertmanager.url);
      const seen = async (alertname: string) => {
        const before = server.asked.length;
        await api.post([
          {
            labels: { alertname },
            annotations: {},
            startsAt: new Date(),
            endsAt: new Date(Date.now() + 60_000),
          },
        ]);
        const wanted = expected('', isCurrent).length;
        await until(() => server.asked.length >= before + wanted);
        return server.asked
          .slice(before)
          .map(({ url, headers }) => `${url.pathname} ${String(headers['authorization'] ?? '-')}`)
          .sort();
      };
      expect(await seen('One')).toEqual(expected('first', isCurrent));
      const loaded = await lastReload(alertmanager.url);

      const { rendered } = await renderAlerting(
        stackWith(server.url, 'second', isCurrent),
        program,
        join(directory, 'other'),
      );
      const plan = { component: 'alertmanager', secrets: rendered.secrets } as unknown as Plan;
      const place = { secret: alertmanager.secretPath } as ReturnType<Runtime['place']>;
      await writeSecretFiles(plan, { place: () => place });
      expect(await seen('Two')).toEqual(expected('second', isCurrent));
      expect(await lastReload(alertmanager.url)).toBe(loaded);
      for (const { name } of rendered.secrets)
        expect((await stat(alertmanager.secretPath(name))).mode & 0o777).toBe(0o400);
    } finally {
      await alertmanager.stop();
      await rm(directory, { recursive: true });
    }
  });

  it('and a template that alone has changed is in force after a reload', async () => {
    const program = (await requirePrograms(generation)).get('alertmanager');
    if (!program) throw new Error('incomplete');
    const directory = await mkdtemp(join(tmpdir(), 'templates-'));
    await using server = await startProvider(() => ({ status: 200, body: 'ok' }));
    const stack = stackWith(server.url, 'first', isCurrent);
    const alertmanager = await startAlertmanager(program, stack, directory);
    try {
      const { rendered } = await renderAlerting(stack, program, directory);
      const [template] = rendered.templates;
      if (!template) throw new Error('no template');
      const file = join(dirname(alertmanager.configFile), 'templates', template.name);
      await writeFileAtomic(file, template.content.replace('}}TEST {{', '}}OTHER {{').replaceAll('⚠️', 'NEW'));
      await httpExchange(`${alertmanager.url}/-/reload`, { method: 'POST' });
      await createAlertmanagerApi(alertmanager.url).post([
        {
          labels: { alertname: 'A' },
          annotations: {},
          startsAt: new Date(),
          endsAt: new Date(Date.now() + 60_000),
        },
      ]);
      await until(() => server.asked.some(({ url }) => url.pathname.startsWith('/slack')));
      const message = server.asked.find(({ url }) => url.pathname.startsWith('/slack'));
      expect(message?.body).toContain('"title":"NEW ALERT: A"');
    } finally {
      await alertmanager.stop();
      await rm(directory, { recursive: true });
    }
  });
});

async function lastReload(url: string): Promise<string | undefined> {
  const { body } = await httpExchange(`${url}/metrics`);
  return /^alertmanager_config_last_reload_success_timestamp_seconds (.*)$/m.exec(body)?.[1];
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('not in 20 s');
    await systemClock.sleep(20);
  }
}
