import { EXIT } from '../../platform/exit-codes.ts';
import { parseDuration } from '../../platform/units.ts';
import type { Alerting, Audience } from '../../delivery/alerting.ts';
import type { Stack } from '../../stack/stack.ts';
import type { DeliveryReport, IntegrationReport } from '../../delivery/report.ts';
import type { Command, CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import type { Session } from '../session.ts';
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
  options: [
    { flags: '--timeout <duration>', description: 'how long to wait for it', default: '15s' },
    { flags: '--dry-run', description: 'only show who would be told, and by which labels; sends nothing' },
  ],
  examples: [
    { command: 'leitstand alert test', shows: 'every receiver' },
    { command: 'leitstand alert test --dry-run', shows: 'who would be told; sends nothing' },
    { command: 'leitstand alert test on-call --timeout 60s', shows: 'one receiver, with patience' },
  ],
  exits: [
    '0   every integration is CONFIRMED or ACCEPTED',
    '1   one is not',
    '4   an attached Alertmanager refuses the credentials',
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
    const report = await testReceivers(context, input.args, { timeoutMs, dryRun: input.flag('dryRun') });
    if (!('nonce' in report)) {
      return { exit: EXIT.ok, text: audienceText(report), json: JSON.parse(JSON.stringify(report)) };
    }
    return { exit: report.exit, text: reportText(report), json: JSON.parse(JSON.stringify(report)) };
  },
};

/** The report, or with `dryRun` whom it would tell. */
async function testReceivers(
  context: CommandContext,
  asked: readonly string[],
  options: { readonly timeoutMs: number; readonly dryRun: boolean },
): Promise<DeliveryReport | readonly Audience[]> {
  const { openSession, requireRunning } = await import('../open-session.ts');
  const { testDelivery } = await import('../../delivery/test-delivery.ts');
  const session = await openSession(context);
  try {
    const { stack, runtime } = session;
    const external = stack.runtime === 'external';
    if (external && hasAlertmanager(stack)) await requireRunning(session, 'alertmanager');
    const alerting = await alertingOf(session, asked, context.signal);
    const audience = alerting.audience(asked.length === 0 ? alerting.receivers : asked);
    if (options.dryRun) return audience;
    if (!external) await requireRunning(session, 'alertmanager');
    else
      context.output.talk(
        `This goes to people, through an Alertmanager that somebody else runs:\n${audienceText(audience)}`,
      );
    return await testDelivery({
      alertmanagerUrl: runtime.connection('alertmanager', portOf(session)),
      stack,
      alerting,
      ...(stack.inbox.enabled || external
        ? { inbox: { baseUrl: `http://127.0.0.1:${stack.inbox.port}`, messages: session.history.messages } }
        : {}),
      logTail: async (lines) => (external ? [] : runtime.logTail('alertmanager', lines)),
      history: session.history,
      clock: context.clock,
      random: context.random,
      timeoutMs: options.timeoutMs,
      ...(asked.length === 0 ? {} : { receivers: asked }),
      signal: context.signal,
      onProgress: context.onProgress,
    });
  } finally {
    session.close();
  }
}

function hasAlertmanager({ components }: Stack): boolean {
  return components.some(({ name }) => name === 'alertmanager');
}

function portOf({ stack, components }: Session): number {
  const config = stack.components.find(({ name }) => name === 'alertmanager')?.config;
  const offer = components.get('alertmanager')?.offers(config, stack);
  return offer?.endpoints.find(({ kind }) => kind === 'alertmanager-api')?.port ?? 0;
}

/** Throws LS-CLI-003 when there is nobody to tell, or nobody of that name. */
async function alertingOf(
  session: Session,
  asked: readonly string[],
  signal: AbortSignal,
): Promise<Alerting> {
  const { stack } = session;
  const [{ stackAlerting }, { askAttachedAlerting }] = await Promise.all([
    import('../../delivery/alerting.ts'),
    import('../attached.ts'),
  ]);
  const attached = stack.runtime === 'external' ? await askAttachedAlerting(session, signal) : undefined;
  const alerting = attached ?? stackAlerting(stack);
  const known = attached?.known ?? stack.receivers;
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw cliErrors.error('LS-CLI-003', {
      what: `there is no receiver ${unknown.join(', ')}`,
      fix: `the receivers are: ${known.join(', ')}`,
    });
  }
  const found = hasAlertmanager(stack);
  if (found && alerting.receivers.some((receiver) => alerting.targets(receiver).length > 0)) return alerting;
  throw cliErrors.error('LS-CLI-003', {
    what: found ? 'this stack has no receiver' : 'this stack has no Alertmanager',
    where: { file: stack.file },
    fix:
      stack.runtime === 'external'
        ? found
          ? "no receiver in the attached Alertmanager's configuration has an integration: who runs it adds one"
          : 'add `alertmanager: {url: …}` under `attach:`; docs/attach.md shows it'
        : 'add `alertmanager:` to components and a receiver to receivers; docs/alerting.md shows both',
  });
}

/** Whom a test tells, one line a receiver. */
function audienceText(audience: readonly Audience[]): string {
  return table(
    audience.map(({ receiver, integrations, by, notes }) => [
      receiver,
      integrations.join(', ') || '(nobody)',
      by === '' ? 'what no other route takes' : by,
      notes.join('; '),
    ]),
  );
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
