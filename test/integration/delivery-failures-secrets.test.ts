import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { secretFileCheck } from '../../src/cli/alert-test/secret-files.ts';
import { stackAlerting } from '../../src/delivery/alerting.ts';
import { findExecutable, writeFileAtomic } from '../../src/platform/files.ts';
import type { Place } from '../../src/stack/plan.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { formatVersion } from '../../src/stack/version.ts';
import { alertingStack } from '../fixtures/alerting.ts';
import {
  CONFIRMED,
  describeScenes,
  lost,
  notSent,
  oneOfEach,
  perGeneration,
  type Played,
  SECRET,
  unsent,
} from './delivery-scenes.ts';
import type { DeliveryWorld, Running } from './delivery-world.ts';

const FIX = {
  secretMissing: 'Alertmanager cannot find the secret file: `leitstand up` writes it anew',
  secretUnreadable:
    'Alertmanager cannot read the secret file: `leitstand up` writes it anew, readable by its user',
} as const;

const FILES = ['slack-slack-0', 'email-email-0', 'pagerduty-pagerduty-0', 'webhook-webhook-0'];

/** To each secret file; webhooks of Alertmanager 0.25 have none. */
const onFiles =
  (change: (path: string) => Promise<unknown>) =>
  async (_: DeliveryWorld, { live }: Running) => {
    for (const name of FILES) await change(live.secretPath(name));
  };

/** Root reads everything, unless this right is taken from it. */
const setpriv = await findExecutable('setpriv', process.env['PATH'] ?? '');
const canLackRights = process.getuid?.() !== 0 || setpriv !== undefined;

async function withoutRights(world: DeliveryWorld, program: Program): Promise<Program> {
  if (process.getuid?.() !== 0) return program;
  const path = join(world.directory, 'without-rights.sh');
  const rights = '--bounding-set=-dac_override,-dac_read_search --inh-caps=-all';
  await writeFile(path, `#!/bin/sh\nexec ${setpriv} ${rights} ${program.path} "$@"\n`, { mode: 0o755 });
  return { ...program, path };
}

/** As `leitstand alert test` looks at the files before it sends anything. */
async function lookingAtFiles(stack: Stack, { live }: Running, { version }: Program) {
  const launch = { program: '', version: formatVersion(version), args: [], env: {} };
  const place = { secret: (name: string) => live.secretPath(name) } as Place;
  return secretFileCheck({ stack, runtime: { launched: async () => launch, place: () => place } });
}

/** The stack after `.env` holds other secrets. */
function rotated(world: DeliveryWorld): Stack {
  const receivers = oneOfEach(world);
  const names = Object.keys(receivers);
  const [slack] = receivers.slack.slack;
  return alertingStack({
    receivers: { ...receivers, slack: { slack: [{ webhook_url: `${slack?.webhook_url}${SECRET}` }] } },
    severities: Object.fromEntries(names.map((name) => [name, name])),
    default: 'slack',
    inbox: { hostPort: world.hostPort, caFile: world.caFile },
  });
}

const removed = (path: string) => rm(path, { force: true });

function nothingButWebhooks({ world }: Played): void {
  const came = world.history.messages.list({ limit: 9 }).map(({ type }) => type);
  expect(came.filter((type) => type !== 'webhook')).toEqual([]);
}

describeScenes('secrets', [
  {
    name: 'secret files that are gone',
    receivers: oneOfEach,
    prepare: onFiles(removed),
    inbox: {
      slack: notSent('slack-slack-0: no such file or directory', FIX.secretMissing),
      email: notSent('email-email-0: no such file or directory', FIX.secretMissing),
      pagerduty: notSent('pagerduty-pagerduty-0: no such file or directory', FIX.secretMissing),
      webhook: perGeneration(
        notSent('webhook-webhook-0: no such file or directory', FIX.secretMissing),
        CONFIRMED,
      ),
    },
  },
  {
    name: 'secret files that are directories',
    receivers: oneOfEach,
    prepare: onFiles(async (path) => {
      await rm(path, { force: true });
      await mkdir(path);
    }),
    inbox: {
      slack: notSent('slack-slack-0: is a directory', FIX.secretUnreadable),
      email: notSent('email-email-0: is a directory', FIX.secretUnreadable),
      pagerduty: notSent('pagerduty-pagerduty-0: is a directory', FIX.secretUnreadable),
      webhook: perGeneration(notSent('webhook-webhook-0: is a directory', FIX.secretUnreadable), CONFIRMED),
    },
  },
  ...(canLackRights
    ? [
        {
          name: 'secret files that its user may not read',
          receivers: oneOfEach,
          program: withoutRights,
          prepare: onFiles((path) => chmod(path, 0o000).catch(() => undefined)),
          inbox: {
            slack: notSent('slack-slack-0: permission denied', FIX.secretUnreadable),
            email: notSent('email-email-0: permission denied', FIX.secretUnreadable),
            pagerduty: notSent('pagerduty-pagerduty-0: permission denied', FIX.secretUnreadable),
            webhook: perGeneration(
              notSent('webhook-webhook-0: permission denied', FIX.secretUnreadable),
              CONFIRMED,
            ),
          },
        },
      ]
    : []),
  {
    name: 'secret files as they are seen before anything is sent: old, gone, empty, unreadable',
    receivers: oneOfEach,
    prepare: async (_, { live }) => {
      await rm(live.secretPath('email-email-0'));
      await writeFileAtomic(live.secretPath('pagerduty-pagerduty-0'), ' \n');
      await rm(live.secretPath('webhook-webhook-0'), { force: true });
      await mkdir(live.secretPath('webhook-webhook-0'));
    },
    request: async (world, running, program) => ({
      secretProblem: await lookingAtFiles(rotated(world), running, program),
    }),
    inbox: {
      slack: unsent(
        'the secret file slack-slack-0 holds another value than the secret TEST_URL has today: Alertmanager would use the old one',
        'leitstand up',
      ),
      email: unsent(
        'the secret file email-email-0 is missing: no such file',
        '`leitstand up` writes it anew, readable by Alertmanager',
      ),
      pagerduty: unsent('the secret file pagerduty-pagerduty-0 is empty', '`leitstand up` writes it anew'),
      webhook: perGeneration(
        unsent(
          'the secret file webhook-webhook-0 cannot be read: EISDIR',
          '`leitstand up` writes it anew, readable by Alertmanager',
        ),
        CONFIRMED,
      ),
    },
    afterwards: nothingButWebhooks,
  },
  {
    name: 'a secret file that leads to another place of the inbox',
    receivers: oneOfEach,
    prepare: (world, { live }) =>
      writeFileAtomic(live.secretPath('slack-slack-0'), `${world.inboxUrl}/slack/services/T0/B0/another`),
    request: () => ({ timeoutMs: 4_000 }),
    inbox: {
      slack: lost(
        'Alertmanager sent something of this type, and it did not arrive in the inbox',
        '`leitstand inbox list` shows what came; where something came to another place, what runs is not what leitstand.yaml says: leitstand up',
        'none',
      ),
      email: CONFIRMED,
      pagerduty: CONFIRMED,
      webhook: CONFIRMED,
    },
  },
  {
    name: 'a secret that was rotated: in force without a reload',
    receivers: oneOfEach,
    prepare: (world, { live }) => {
      const [secret] =
        rotated(world)
          .integrations.find(({ type }) => type === 'slack')
          ?.secrets() ?? [];
      return writeFileAtomic(live.secretPath('slack-slack-0'), secret?.reveal() ?? '', { mode: 0o400 });
    },
    request: async (world, running, program) => ({
      alerting: stackAlerting(rotated(world)),
      secretProblem: await lookingAtFiles(rotated(world), running, program),
    }),
    inbox: { slack: CONFIRMED, email: CONFIRMED, pagerduty: CONFIRMED, webhook: CONFIRMED },
  },
]);
