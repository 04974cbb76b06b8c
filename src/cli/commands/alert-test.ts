import { parseDuration } from '../../platform/units.ts';
import type { DeliveryReport, IntegrationReport } from '../../delivery/report.ts';
import type { Command, CommandContext } from '../command.ts';
import { endpointOf } from '../endpoints.ts';
import { cliErrors } from '../errors.ts';
import { table } from '../terminal.ts';

export const alertTestCommand: Command = {
  description: `Sends a marked test alert through the real Alertmanager to every receiver and follows it: posted, routed, sent,
received. Each integration gets a verdict with its evidence; the alert is resolved afterwards.
  CONFIRMED         the message arrived in the inbox
  ACCEPTED          the provider took it; whether a person saw it is not known
  SENT-UNCONFIRMED  sent, but nothing says that it was taken
  MUTED             a silence, an inhibition or a time interval holds it back
  NOT-ROUTED        no route leads to this receiver
  FAILED            lost on the way: the stage, the reason and a fix are named`,
  arguments: [{ name: 'receiver', description: 'only these receivers', required: false, variadic: true }],
  options: [{ flags: '--timeout <duration>', description: 'how long to wait for it', default: '15s' }],
  examples: [
    { command: 'leitstand alert test', shows: 'every receiver' },
    { command: 'leitstand alert test on-call --timeout 60s', shows: 'one receiver, with patience' },
  ],
  exits: [
    '0   every integration is CONFIRMED or ACCEPTED',
    '1   one is not',
    '5   Alertmanager cannot be reached',
  ],
  run: async (context, input) => {
    const timeoutMs = parseDuration(input.text('timeout') ?? '');
    if (timeoutMs === undefined || timeoutMs === 0) {
      throw cliErrors.error('LS-CLI-001', {
        what: `--timeout takes a duration with its unit, not \`${input.text('timeout') ?? ''}\``,
        fix: 'leitstand alert test --timeout 30s',
      });
    }
    const report = await testReceivers(context, input.args, timeoutMs);
    return { exit: report.exit, text: reportText(report), json: JSON.parse(JSON.stringify(report)) };
  },
};

async function testReceivers(
  context: CommandContext,
  receivers: readonly string[],
  timeoutMs: number,
): Promise<DeliveryReport> {
  const { openSession, requireRunning } = await import('../open-session.ts');
  const { testDelivery } = await import('../../delivery/test-delivery.ts');
  const session = await openSession(context);
  try {
    const { stack, runtime } = session;
    const unknown = receivers.filter((name) => !stack.receivers.includes(name));
    if (unknown.length > 0) {
      throw cliErrors.error('LS-CLI-003', {
        what: `there is no receiver ${unknown.join(', ')}`,
        fix: `the receivers are: ${stack.receivers.join(', ')}`,
      });
    }
    const alertmanagerUrl = endpointOf(session, 'alertmanager-api');
    if (alertmanagerUrl === undefined || stack.integrations.length === 0) {
      throw cliErrors.error('LS-CLI-003', {
        what: alertmanagerUrl === undefined ? 'this stack has no Alertmanager' : 'this stack has no receiver',
        where: { file: stack.file },
        fix: 'add `alertmanager:` to components and a receiver to receivers; docs/alerting.md shows both',
      });
    }
    await requireRunning(session, 'alertmanager');
    return await testDelivery({
      alertmanagerUrl,
      stack,
      ...(stack.inbox.enabled
        ? { inbox: { baseUrl: `http://127.0.0.1:${stack.inbox.port}`, messages: session.history.messages } }
        : {}),
      logTail: (lines) => runtime.logTail('alertmanager', lines),
      history: session.history,
      clock: context.clock,
      random: context.random,
      timeoutMs,
      ...(receivers.length === 0 ? {} : { receivers }),
      signal: context.signal,
      onProgress: context.onProgress,
    });
  } finally {
    session.close();
  }
}

function reportText(report: DeliveryReport): string {
  return [
    table(report.integrations.map((integration) => [...name(integration), ...evidence(integration)])),
    ...report.integrations.flatMap(problem),
    '',
    `${report.integrations.filter(isGood).length} of ${report.integrations.length} integrations proven; test alert ${report.nonce} ${report.resolved ? 'is resolved' : 'could NOT be resolved: it ends by itself'}`,
  ].join('\n');
}

function name(integration: IntegrationReport): string[] {
  return [integration.receiver, `${integration.type}[${integration.index}]`, integration.verdict];
}

function evidence({ latencyMs, evidence: text }: IntegrationReport): string[] {
  return [latencyMs === undefined ? '' : `${Math.round(latencyMs)} ms`, text ?? ''];
}

function isGood({ verdict }: IntegrationReport): boolean {
  return verdict === 'CONFIRMED' || verdict === 'ACCEPTED';
}

function problem(integration: IntegrationReport): string[] {
  if (isGood(integration)) return [];
  const lines = [
    '',
    `${integration.receiver} ${integration.type}[${integration.index}]: ${integration.verdict}${integration.stage === undefined ? '' : ` at stage \`${integration.stage}\``}`,
  ];
  if (integration.reason !== undefined) lines.push(`  why: ${integration.reason}`);
  if (integration.fix !== undefined) lines.push(`  fix: ${integration.fix}`);
  return lines;
}
