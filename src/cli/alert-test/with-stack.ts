import { stackAlerting, type Alerting, type Audience } from '../../delivery/alerting.ts';
import { audienceOf } from '../../delivery/audience.ts';
import { testDirectly } from '../../delivery/direct.ts';
import { ruleSource } from '../../delivery/prometheus/rule-source.ts';
import type { DeliveryReport } from '../../delivery/report.ts';
import type { Aim, DeliveryRequest } from '../../delivery/request.ts';
import { awaitSightings, seenLinks } from '../../delivery/sightings.ts';
import { testDelivery } from '../../delivery/test-delivery.ts';
import { nativeLayout } from '../../runtimes/native/layout.ts';
import { writeWantedTests } from '../../runtimes/native/wanted-tests.ts';
import type { Address } from '../../stack/connection.ts';
import type { Stack } from '../../stack/stack.ts';
import { askAttachedAlerting } from '../attached.ts';
import type { CommandContext } from '../command.ts';
import { endpointOf } from '../endpoints.ts';
import { cliErrors } from '../errors.ts';
import { openSession, requireRunning } from '../open-session.ts';
import type { Session } from '../session.ts';
import { standingLine } from '../inbox/misbehaviour-text.ts';
import { lastApplied } from './in-force.ts';
import { withInboxNote } from './inbox-note.ts';
import type { AlertTestOptions } from './options.ts';
import { secretFileCheck } from './secret-files.ts';
import { audienceText } from './texts.ts';

/** The report, or with `dryRun` whom it would tell. */
export async function testStack(
  context: CommandContext,
  options: AlertTestOptions,
): Promise<DeliveryReport | readonly Audience[]> {
  const session = await openSession(context);
  try {
    const { stack } = session;
    const external = stack.runtime === 'external';
    if (external && hasAlertmanager(stack)) await requireRunning(session, 'alertmanager');
    const alerting = await alertingOf(session, options.aim, context.signal);
    const aim = completed(options.aim, alerting);
    const audience = audienceOf(alerting, aim);
    if (options.dryRun) return audience;
    warnOfMisbehaviour(context, session);
    const request = { ...commonRequest(context, session, options), alerting };
    if (options.mode === 'direct' && aim.kind === 'receivers')
      return withInboxNote(await testDirectly({ ...request, receivers: aim.names }), stack.environment);
    if (options.mode === 'prometheus') requireOwnPrometheus(stack);
    if (!external) await requireRunning(session, 'alertmanager');
    else
      context.output.talk(
        `This goes to people, through an Alertmanager that somebody else runs:\n${audienceText(audience)}`,
      );
    const report = await testThrough(context, session, options, { ...request, aim });
    return withInboxNote(report, stack.environment);
  } finally {
    session.close();
  }
}

/** Whoever told the inbox to fail may have forgotten it. */
function warnOfMisbehaviour({ clock, output }: CommandContext, { history }: Session): void {
  const now = clock.now();
  const line = standingLine(history.misbehaviours.list(now), now);
  if (line !== undefined) output.talk(line);
}

type CommonRequest = Omit<DeliveryRequest, 'alertmanagers' | 'alerting' | 'aim' | 'logTail'>;

function commonRequest(
  context: CommandContext,
  { stack, history }: Session,
  options: AlertTestOptions,
): CommonRequest {
  return {
    language: stack.language,
    ...(stack.inbox.enabled || stack.runtime === 'external'
      ? { inbox: { baseUrl: `http://127.0.0.1:${stack.inbox.port}`, messages: history.messages } }
      : {}),
    history,
    clock: context.clock,
    random: context.random,
    timeoutMs: options.timeoutMs,
    standard: options.standard,
    peerTimeoutMs: options.peerTimeoutMs,
    signal: context.signal,
    onProgress: context.onProgress,
  };
}

async function testThrough(
  context: CommandContext,
  session: Session,
  options: AlertTestOptions,
  request: CommonRequest & Pick<DeliveryRequest, 'alerting' | 'aim'>,
): Promise<DeliveryReport> {
  const { stack, runtime } = session;
  const external = stack.runtime === 'external';
  return testDelivery({
    ...request,
    alertmanagers: addressesOf(session),
    ...(external
      ? {}
      : { secretProblem: await secretFileCheck(session), inForce: await lastApplied(session) }),
    ...asking(context, session, options),
    isDrill: options.isDrill,
    proofAgeMs: stack.alertTest.maxAgeMs,
    ...(options.mode === 'prometheus' ? { rule: ruleOf(context, session) } : {}),
    logTail: async (lines) => (external ? [] : runtime.logTail('alertmanager', lines)),
  });
}

/** People are asked whenever there is a page for their answer; those who do not wait take what is there by then. */
function asking(
  { clock, random, signal }: CommandContext,
  { stack, history }: Session,
  { waitSeenMs }: AlertTestOptions,
): Pick<DeliveryRequest, 'seenUrl' | 'awaitSeen'> {
  const { publicUrl } = stack.alertTest;
  const { sightings } = history;
  if (publicUrl === undefined || stack.runtime === 'external') {
    if (waitSeenMs === undefined) return {};
    throw cliErrors.error('LS-CLI-001', {
      what: '--wait-seen: nobody can say that a test was seen, since there is no page for it',
      fix:
        stack.runtime === 'external'
          ? 'leave --wait-seen out: the page is one of the daemon, which runs with a stack of its own only'
          : 'set `alert_test: {public_url: https://…}` (docs/fire-drills.md), or leave --wait-seen out',
    });
  }
  return {
    seenUrl: seenLinks({ publicUrl, sightings, clock, random }),
    awaitSeen: async (nonce) => {
      const seen = await awaitSightings({ sightings, nonce, clock, timeoutMs: waitSeenMs ?? 0, signal });
      return waitSeenMs === undefined && seen.length === 0 ? undefined : seen;
    },
  };
}

function ruleOf(context: CommandContext, session: Session) {
  const path = nativeLayout(session.stack.stateDir).wantedTests;
  return ruleSource({
    prometheus: endpointOf(session, 'prometheus-api') ?? '',
    show: (alerts, until) =>
      writeWantedTests(path, {
        name: String(process.pid),
        tests: { until: until.toISOString(), alerts: alerts.map(({ labels }) => ({ ...labels })) },
        now: context.clock.now(),
      }),
    now: () => context.clock.now(),
    signal: context.signal,
  });
}

/** Throws LS-CLI-003 with what is missing: the whole way begins at the daemon's own metrics. */
function requireOwnPrometheus(stack: Stack): void {
  const problem =
    stack.runtime === 'external'
      ? 'this stack is run by somebody else: its Prometheus neither scrapes Leitstand nor has its rule'
      : stack.components.some(({ name }) => name === 'prometheus')
        ? undefined
        : 'this stack has no Prometheus';
  if (problem === undefined) return;
  throw cliErrors.error('LS-CLI-003', {
    what: `--from-prometheus is not possible: ${problem}`,
    why: 'a rule on a metric of Leitstand’s daemon raises the alert, so that scraping, the rule and the way to Alertmanager are proven too',
    where: { file: stack.file },
    fix:
      stack.runtime === 'external'
        ? 'leitstand alert test proves the way from Alertmanager on; that its Prometheus raises alerts shows its own Watchdog'
        : 'add `prometheus:` to components; then: leitstand up',
  });
}

function hasAlertmanager({ components }: Stack): boolean {
  return components.some(({ name }) => name === 'alertmanager');
}

/** The members of an attached cluster share credentials and authority. */
function addressesOf(session: Session): readonly Address[] {
  const { stack, runtime, components } = session;
  const wanted = stack.components.find(({ name }) => name === 'alertmanager');
  const offer = components.get('alertmanager')?.offers(wanted?.config, stack);
  const port = offer?.endpoints.find(({ kind }) => kind === 'alertmanager-api')?.port ?? 0;
  const first = runtime.connection('alertmanager', port);
  if (typeof first === 'string') return [first];
  return [first, ...(wanted?.attached?.peers ?? []).map((url) => ({ ...first, url }))];
}

function completed(aim: Aim, alerting: Alerting): Aim {
  return aim.kind === 'receivers' && aim.names.length === 0
    ? { kind: 'receivers', names: alerting.receivers }
    : aim;
}

/** Throws LS-CLI-003 when there is nobody to tell, or nobody of that name. */
async function alertingOf(session: Session, aim: Aim, signal: AbortSignal): Promise<Alerting> {
  const { stack } = session;
  const attached = stack.runtime === 'external' ? await askAttachedAlerting(session, signal) : undefined;
  const alerting = attached ?? stackAlerting(stack);
  const known = attached?.known ?? stack.receivers;
  const unknown = aim.kind === 'receivers' ? aim.names.filter((name) => !known.includes(name)) : [];
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
