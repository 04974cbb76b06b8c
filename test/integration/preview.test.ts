import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertmanager } from '../../src/components/alertmanager/index.ts';
import { builtInExample, type Labels } from '../../src/delivery/preview/example.ts';
import { previewAlerts } from '../../src/delivery/preview/preview.ts';
import { type CasePreview, PREVIEW_CASES, type PreviewReport } from '../../src/delivery/preview/report.ts';
import type { PreviewRequest } from '../../src/delivery/preview/request.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemErrorCode } from '../../src/platform/errors.ts';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import { startTwin, twinPlace } from '../../src/runtimes/native/twin.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Integration } from '../../src/stack/receiver.ts';
import { SecretReference } from '../../src/stack/secret.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { type AlertingOptions, alertingStack } from '../fixtures/alerting.ts';
import { processesOf } from './processes-of.ts';
import { generations, requirePrograms } from './programs.ts';

/** Each holds `7f3a`, by which it is looked for. */
const SECRETS = {
  slack: 'https://hooks.slack.com/services/T024BE7LD/B024BE7LH/abcDEF7f3a',
  routingKey: '7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a',
  user: 'user-7f3a',
  password: 'password-7f3a',
  webhook: 'https://example.org/hook?token=token-7f3a',
};

const usual: AlertingOptions = {
  receivers: {
    'on-call': {
      slack: [{ webhook_url: SECRETS.slack, channel: '#alerts' }],
      pagerduty: [{ routing_key: SECRETS.routingKey }],
    },
    team: {
      email: [
        {
          to: 'ops@example.org',
          from: 'alerts@example.org',
          smarthost: 'smtp.example.org:587',
          username: SECRETS.user,
          password: SECRETS.password,
        },
      ],
      webhook: [{ url: SECRETS.webhook }, { url: `${SECRETS.webhook}2`, send_resolved: false }],
    },
  },
  severities: { critical: 'on-call' },
  default: 'team',
};

let scratchDir = '';

beforeEach(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'preview-test-'));
});

afterEach(async () => {
  const files = await readdir(scratchDir);
  // What was killed is gone a moment later.
  const running = await leftRunning(scratchDir);
  const left = [...files, ...running];
  await rm(scratchDir, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`the preview has left behind: ${left.join(', ')}`);
});

async function leftRunning(directory: string): Promise<string[]> {
  for (let look = 0; look < 50; look += 1) {
    if ((await processesOf(directory)).length === 0) return [];
    await systemClock.sleep(100);
  }
  return processesOf(directory);
}

describe.each(generations)('alert preview with %s programs', (generation) => {
  let programs: ReadonlyMap<string, Program>;
  let program: Program;
  beforeEach(async () => {
    programs = await requirePrograms(generation);
    const found = programs.get('alertmanager');
    if (!found) throw new Error('no alertmanager');
    program = found;
  });

  function requestFor(stack: Stack, more: Partial<PreviewRequest> = {}): PreviewRequest {
    return {
      stack,
      plugins: receiverPlugins,
      program,
      plan: (shown, place) =>
        alertmanager.plan({
          config: stack.components[0]?.config,
          stack: shown,
          offers: [],
          place,
          programs: (name) => programs.get(name) ?? program,
        }),
      runtime: {
        place: () => twinPlace('/real'),
        twinPlace,
        startTwin: (request) => startTwin(request, systemClock),
      },
      scratchDir,
      receivers: stack.receivers,
      cases: PREVIEW_CASES,
      example: builtInExample(stack.language, { prometheus: 'http://127.0.0.1:9090' }),
      isRule: false,
      labels: {},
      clock: systemClock,
      ...more,
    };
  }

  const preview = (options: AlertingOptions, more: Partial<PreviewRequest> = {}) =>
    previewAlerts(requestFor(alertingStack(options), more));

  it('shows every case of every integration, as its provider takes it', async () => {
    const report = await preview(usual);
    expect(outcomes(report)).toEqual([
      ...['on-call slack[0]', 'on-call pagerduty[0]', 'team email[0]', 'team webhook[0]'].flatMap((name) =>
        PREVIEW_CASES.map((which) => `${name} ${which} accepted`),
      ),
      ...PREVIEW_CASES.map(
        (which) => `team webhook[1] ${which} ${which === 'resolved' ? 'silent' : 'accepted'}`,
      ),
    ]);
    expect(report).toMatchObject({ exit: 0, notShown: [] });
    for (const { cases } of report.integrations)
      for (const one of cases) if ('message' in one) expect(one.card).toBeDefined();
    const body = (which: string) => JSON.parse(messageOf(report, 'webhook', which).body);
    expect(body('firing')).toMatchObject({
      status: 'firing',
      groupKey: '{}:{alertname="DiskNearlyFull", workspace_id="rathaus-nord"}',
      externalURL: twinPlace('/real').externalUrl(9093),
      alerts: [{ generatorURL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9090\/graph\?g0\.expr=node_/) }],
    });
    expect(body('resolved')).toMatchObject({ status: 'resolved', alerts: [{ status: 'resolved' }] });
    expect(body('many').alerts).toHaveLength(50);
    expect(body('bare')).toMatchObject({ commonAnnotations: {} });
    expect(body('test').commonLabels).toMatchObject({
      leitstand_test: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect(messageOf(report, 'email', 'resolved')).toMatchObject({ status: 'resolved' });
  });

  it('lets no hostile value call a channel or end a header', async () => {
    const report = await preview(usual, { cases: ['hostile'] });
    const slack = JSON.parse(messageOf(report, 'slack', 'hostile').body);
    expect(JSON.stringify(slack)).not.toMatch(/<!(?:channel|here|everyone)|<@/);
    const [head = ''] = messageOf(report, 'email', 'hostile').body.split(/\r?\n\r?\n/);
    expect(head).not.toMatch(/^bcc:/im);
    const [mail] = cases(report, 'email');
    expect(mail).toMatchObject({ card: { kind: 'mail', to: 'ops@example.org' } });
  });

  it('holds the credentials of no provider, in no file and no message', async () => {
    const seen: string[] = [];
    const runtime: PreviewRequest['runtime'] = {
      place: () => twinPlace('/real'),
      twinPlace,
      startTwin: async (request) => {
        const twin = await startTwin(request, systemClock);
        const [directory = ''] = await readdir(scratchDir);
        expect((await stat(join(scratchDir, directory))).mode & 0o777).toBe(0o700);
        seen.push(...(await filesBelow(join(scratchDir, directory))), JSON.stringify(request.plan.args));
        return twin;
      },
    };
    const report = await preview(usual, { runtime, cases: ['firing', 'many'] });
    expect(seen.join('\n')).toContain('127.0.0.1');
    expect(seen.filter((content) => content.includes('7f3a'))).toEqual([]);
    expect(JSON.stringify(report)).not.toContain('7f3a');
  });

  it('shows nothing of an integration that would keep its credentials, or its own way', async () => {
    const stack = alertingStack(usual);
    const broken = (change: (integration: Integration) => Integration) => ({
      ...stack,
      integrations: stack.integrations.map((one) =>
        one.type === 'webhook' && one.index === 0 ? change(one) : one,
      ),
    });
    const ignoring = broken((one) => ({
      ...one,
      render: ({ alertmanager: version, secretPath }) => one.render({ alertmanager: version, secretPath }),
    }));
    const leaking = broken((one) => ({
      ...one,
      render: (target) => {
        const rendered = one.render(target);
        return { ...rendered, config: { ...rendered.config, http_config: { proxy_url: SECRETS.webhook } } };
      },
    }));
    for (const one of [ignoring, leaking]) {
      const report = await previewAlerts(requestFor(one, { receivers: ['team'], cases: ['firing'] }));
      expect(report.notShown).toMatchObject([
        { type: 'webhook', index: 0, why: expect.stringContaining('stands in') },
      ]);
      expect(outcomes(report)).toEqual(['team email[0] firing accepted', 'team webhook[1] firing accepted']);
    }
  });

  it('shows mails whose sender is also the name of the secret user', async () => {
    const [mail] = usual.receivers['team']?.['email'] ?? [];
    const username = new SecretReference('user-7f3a@example.org');
    const report = await preview(
      {
        receivers: { team: { email: [{ ...(mail as object), from: username.name, username }] } },
        default: 'team',
      },
      { cases: ['firing'] },
    );
    expect(outcomes(report)).toEqual(['team email[0] firing accepted']);
  });

  it('lists what nothing stands in for', async () => {
    const telegram = {
      type: 'telegram',
      settings: { bot_token: '1:token-7f3a', chat_id: 1, api_url: 'https://api.telegram.org' },
    };
    const report = await preview(
      {
        receivers: { team: { alertmanager: [telegram], webhook: [{ url: SECRETS.webhook }] } },
        default: 'team',
      },
      { cases: ['firing'] },
    );
    expect(outcomes(report)).toEqual(['team webhook[0] firing accepted']);
    expect(report.notShown).toMatchObject([{ receiver: 'team', type: 'telegram', index: 0 }]);
  });

  it('says which message a mistake in a template costs, and why', async () => {
    const report = await preview(
      {
        ...usual,
        receivers: {
          ...usual.receivers,
          team: {
            slack: [
              { webhook_url: SECRETS.slack, text: '{{ template "no.such" . }}' },
              { webhook_url: SECRETS.slack },
            ],
          },
        },
      },
      { receivers: ['team'], cases: ['firing', 'resolved'] },
    );
    expect(outcomes(report)).toEqual([
      expect.stringMatching(/^team slack\[0\] firing failed: .*no\.such/),
      expect.stringMatching(/^team slack\[0\] resolved failed: .*no\.such/),
      'team slack[1] firing accepted',
      'team slack[1] resolved accepted',
    ]);
    expect(report.exit).toBe(1);
  });

  it('is exit 1 when the provider would refuse a message', async () => {
    const report = await preview(
      {
        receivers: { team: { slack: [{ webhook_url: SECRETS.slack, title: '', text: '' }], pagerduty: [] } },
        default: 'team',
      },
      {
        cases: ['firing'],
        plugins: receiverPlugins.map((plugin) =>
          plugin.sandbox?.type === 'slack' && plugin.sandbox.protocol === 'http'
            ? { ...plugin, sandbox: { ...plugin.sandbox, receive: () => REFUSAL } }
            : plugin,
        ),
      },
    );
    expect(report).toMatchObject({
      exit: 1,
      integrations: [
        { cases: [{ outcome: 'refused', message: { problems: ['no_text: it says nothing'] } }] },
      ],
    });
  });

  it('follows the routes: labels that lead elsewhere are said', async () => {
    const labels: Labels = { severity: 'critical' };
    const report = await preview(usual, { cases: ['firing'], labels });
    expect(outcomes(report)).toEqual([
      'on-call slack[0] firing accepted',
      'on-call pagerduty[0] firing accepted',
    ]);
    expect(report.notShown.map(({ why }) => why)).toEqual(
      Array(3).fill('severity="critical" leads to on-call'),
    );
  });

  it('is not held up by office hours or a long group_wait', async () => {
    const never = {
      times: [{ from: '00:00', to: '00:01' }],
      weekdays: [],
      daysOfMonth: ['1'],
      months: ['january'],
      location: 'UTC',
    };
    const report = await preview(
      {
        receivers: { team: { webhook: [{ url: SECRETS.webhook }] } },
        routes: [{ match: [{ label: 'severity', values: ['warning'] }], receiver: 'team', hours: 'never' }],
        hours: { never },
        default: 'team',
        groupWaitMs: 3_600_000,
      },
      { cases: ['firing', 'resolved'], labels: { severity: 'warning' } },
    );
    expect(outcomes(report)).toEqual([
      'team webhook[0] firing accepted',
      'team webhook[0] resolved accepted',
    ]);
  });

  it('says what Alertmanager objects to when it does not start', async () => {
    const request = requestFor(alertingStack(usual));
    const broken: PreviewRequest['plan'] = (stack, place) => {
      const plan = request.plan(stack, place);
      return {
        ...plan,
        files: plan.files.map((file) => ({ ...file, content: `${file.content}\nnonsense: 1\n` })),
      };
    };
    await expect(previewAlerts({ ...request, plan: broken })).rejects.toMatchObject({
      code: 'LS-PREVIEW-001',
      exit: 6,
      details: { detail: expect.arrayContaining([expect.stringContaining('nonsense')]) },
    });
  });

  it.each(['while it starts', 'while it waits'])('cancelled %s, it leaves nothing', async (when) => {
    const cancel = new AbortController();
    const reason = new DOMException('cancelled', 'AbortError');
    const request = requestFor(alertingStack(usual));
    const runtime: PreviewRequest['runtime'] = {
      ...request.runtime,
      startTwin: async (twin) => {
        if (when === 'while it starts') queueMicrotask(() => cancel.abort(reason));
        const started = await request.runtime.startTwin(twin);
        cancel.abort(reason);
        return started;
      },
    };
    await expect(previewAlerts({ ...request, runtime, signal: cancel.signal })).rejects.toBe(reason);
  });
});

const REFUSAL = {
  status: 400,
  body: 'no_text',
  accepted: false,
  problems: ['no_text: it says nothing'],
} as const;

function outcomes({ integrations }: PreviewReport): string[] {
  return integrations.flatMap(({ receiver, type, index, cases: all }) =>
    all.map((one) => {
      const why = one.outcome === 'failed' ? `: ${one.why}` : '';
      return `${receiver} ${type}[${index}] ${one.case} ${one.outcome}${why}`;
    }),
  );
}

function cases({ integrations }: PreviewReport, wanted: string): readonly CasePreview[] {
  return integrations.find(({ type }) => type === wanted)?.cases ?? [];
}

function messageOf(report: PreviewReport, type: string, which: string) {
  const found = cases(report, type).find((one) => one.case === which);
  if (!found || !('message' in found)) throw new Error(`${type} ${which}: no message`);
  return found.message;
}

/** All is looked for again when a file gets its name, or goes, meanwhile. */
async function filesBelow(directory: string): Promise<string[]> {
  for (;;) {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const read = (entry: (typeof files)[number]) => readFile(join(entry.parentPath, entry.name), 'utf8');
    try {
      return await Promise.all(files.map(read));
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    }
  }
}
