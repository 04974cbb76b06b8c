import { join, resolve } from 'node:path';
import { attachedAlerting } from '../../delivery/attached/alerting.ts';
import { audienceOf } from '../../delivery/audience.ts';
import type { DeliveryReport } from '../../delivery/report.ts';
import type { Audience } from '../../delivery/alerting.ts';
import { testDelivery } from '../../delivery/test-delivery.ts';
import { createAlertmanagerApi } from '../../components/alertmanager/api.ts';
import { ensureDirectory } from '../../platform/files.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import type { AlertTestOptions } from './options.ts';
import { audienceText } from './texts.ts';

/** Somebody's Alertmanager, by its URL alone: its receivers and routes are read from itself. */
export async function testWithoutFile(
  context: CommandContext,
  options: AlertTestOptions,
): Promise<DeliveryReport | readonly Audience[]> {
  const alerting = attachedAlerting(await firstConfiguration(options.alertmanagers, context.signal));
  const { aim } = options;
  const unknown = aim.kind === 'receivers' ? aim.names.filter((name) => !alerting.known.includes(name)) : [];
  if (unknown.length > 0 || alerting.receivers.length === 0)
    throw cliErrors.error('LS-CLI-003', {
      what:
        unknown.length > 0
          ? `there is no receiver ${unknown.join(', ')}`
          : 'no receiver in its configuration has an integration: it tells nobody',
      fix: unknown.length > 0 ? `the receivers are: ${alerting.known.join(', ')}` : 'who runs it adds one',
    });
  const wanted =
    aim.kind === 'receivers' && aim.names.length === 0
      ? { kind: 'receivers' as const, names: alerting.receivers }
      : aim;
  const audience = audienceOf(alerting, wanted);
  if (options.dryRun) return audience;
  context.output.talk(
    `This goes to people, through an Alertmanager that somebody else runs:\n${audienceText(audience)}`,
  );
  const history = await openRecords(context, options.stateDir);
  try {
    return await testDelivery({
      alertmanagers: options.alertmanagers,
      alerting,
      aim: wanted,
      language: 'en',
      ...(history ? { history, inbox: { baseUrl: undefined, messages: history.messages } } : {}),
      logTail: async () => [],
      clock: context.clock,
      random: context.random,
      timeoutMs: options.timeoutMs,
      standard: options.standard,
      peerTimeoutMs: options.peerTimeoutMs,
      signal: context.signal,
      onProgress: context.onProgress,
    });
  } finally {
    history?.close();
  }
}

/** Of the first that answers: which of a cluster's members is down is not known before. Rejects with the first error. */
async function firstConfiguration(urls: readonly string[], signal: AbortSignal): Promise<string> {
  const outcomes = await Promise.allSettled(urls.map((url) => createAlertmanagerApi(url, signal).status()));
  const found = outcomes.find((outcome) => outcome.status === 'fulfilled');
  if (found) return found.value.config;
  throw outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
}

async function openRecords(context: CommandContext, stateDir: string | undefined) {
  if (stateDir === undefined) return undefined;
  const directory = resolve(context.cwd, stateDir);
  await ensureDirectory(directory);
  const { openHistory } = await import('../../history/history.ts');
  return openHistory(join(directory, 'leitstand.db'));
}
