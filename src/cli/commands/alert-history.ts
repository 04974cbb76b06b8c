import type { Delivery } from '../../history/delivery-rows.ts';
import type { DeliverySummary, Tally } from '../../history/delivery-summary.ts';
import type { History } from '../../history/history.ts';
import type { Sighting } from '../../history/sightings.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import { formatElapsed, parseDuration } from '../../platform/units.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Command, CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { limitOption, readLimit } from '../limit-option.ts';
import { formatAge, formatTime, table } from '../terminal.ts';

export const alertHistoryCommand: Command = {
  description: `What became of every test alert, and of every real notification that the inbox or Alertmanager's event
recorder saw; newest first. Then, of each integration: how many, how many of them good, how long tests took (half
of them, and 95 % of them), the last success and the last failure with its reason.`,
  arguments: [{ name: 'receiver', description: 'only of this receiver', required: false }],
  options: [
    { flags: '--since <duration>', description: 'how far to look back', default: '30d' },
    limitOption('how many deliveries are listed at most'),
    { flags: '--failed', description: 'list only those that did not arrive' },
  ],
  examples: [
    { command: 'leitstand alert history', shows: 'the last 30 days' },
    { command: 'leitstand alert history on-call --failed --since 1y', shows: 'what on-call never got' },
    { command: 'leitstand alert history --json | tail -n 1', shows: 'the same for scripts' },
  ],
  run: async (context, input) => {
    const search = readSearch(input, context.clock.now());
    const { openSession } = await import('../open-session.ts');
    const session = await openSession(context, { inNeed: true });
    try {
      const found = look(session.history, search);
      refuseUnknown(search.receiver, session.stack, found);
      return {
        exit: EXIT.ok,
        text: historyText(found, context.clock.now()),
        json: JSON.parse(JSON.stringify({ since: search.since.toISOString(), ...found })),
      };
    } finally {
      session.close();
    }
  },
};

interface Search {
  readonly receiver: string | undefined;
  readonly since: Date;
  readonly limit: number;
  readonly failed: boolean;
}

function readSearch(input: CommandInput, now: Date): Search {
  const sinceText = input.text('since') ?? '';
  const sinceMs = parseDuration(sinceText);
  if (sinceMs === undefined) {
    throw cliErrors.error('LS-CLI-001', {
      what: `--since takes a duration with its unit, not \`${sinceText}\``,
      fix: 'leitstand alert history --since 30d',
    });
  }
  const limit = readLimit(input, 'leitstand alert history');
  const since = new Date(Math.max(0, now.getTime() - sinceMs));
  return { receiver: input.args[0], since, limit, failed: input.flag('failed') };
}

interface Found {
  readonly deliveries: readonly SeenDelivery[];
  readonly integrations: readonly DeliverySummary[];
}

interface SeenDelivery extends Delivery {
  /** Of a test: milliseconds from its sending until a person said that it was seen. */
  readonly seenAfterMs?: number;
}

function look({ deliveries, sightings }: History, { receiver, since, limit, failed }: Search): Found {
  const listed = deliveries.list({ receiver, since, limit, failed });
  const tests = new Set(listed.flatMap(({ nonce }) => nonce ?? []));
  const seen = [...tests].flatMap((nonce) => sightings.ofTest(nonce));
  return {
    deliveries: listed.map((delivery) => withSighting(delivery, seen)),
    integrations: deliveries.summary({ receiver, since }).toSorted(byName),
  };
}

function withSighting(delivery: Delivery, seen: readonly Sighting[]): SeenDelivery {
  const { nonce, receiver } = delivery;
  const own = seen.find(
    (one) => nonce !== undefined && one.nonce.startsWith(nonce) && one.receiver === receiver && one.seenAt,
  );
  if (own?.seenAt === undefined) return delivery;
  return { ...delivery, seenAfterMs: Math.max(0, Date.parse(own.seenAt) - Date.parse(own.askedAt)) };
}

function byName(one: DeliverySummary, other: DeliverySummary): number {
  return (
    one.receiver.localeCompare(other.receiver) ||
    one.type.localeCompare(other.type) ||
    one.index - other.index
  );
}

/** A name that nothing is known of, and that is none of the stack's, is a typing mistake. */
function refuseUnknown(receiver: string | undefined, { receivers }: Stack, { integrations }: Found): void {
  if (receiver === undefined || receivers.includes(receiver) || integrations.length > 0) return;
  throw cliErrors.error('LS-CLI-003', {
    what: `there is no receiver ${receiver}`,
    fix:
      receivers.length === 0
        ? 'leitstand alert history shows those that something was sent to'
        : `the receivers are: ${receivers.join(', ')}`,
  });
}

export function historyText({ deliveries, integrations }: Found, now: Date): string {
  if (integrations.length === 0 && deliveries.length === 0)
    return 'Nothing is known of any delivery yet. `leitstand alert test` sends a marked test to every receiver.';
  const list =
    deliveries.length === 0
      ? 'Nothing like that in this time.'
      : table([
          ['TIME', 'RECEIVER', 'INTEGRATION', 'WHAT', 'VERDICT', 'AFTER', ''],
          ...deliveries.map(deliveryRow),
        ]);
  // Tests past Alertmanager are in no statistic.
  if (integrations.length === 0) return list;
  const summary = table([
    ['RECEIVER', 'INTEGRATION', 'TESTS', 'P50', 'P95', 'OTHERS', 'LAST SUCCESS', 'LAST FAILURE'],
    ...integrations.map((one) => summaryRow(one, now)),
  ]);
  return `${list}\n\n${summary}`;
}

const NOT_KNOWN = '(not known)';

function deliveryRow(delivery: SeenDelivery): string[] {
  const { at, receiver, type, index, verdict, latencyMs, ageMs } = delivery;
  return [
    formatTime(at),
    receiver === '' ? NOT_KNOWN : receiver,
    `${type}[${index}]`,
    what(delivery),
    verdict,
    // Of a real alert: how old it was then. What Alertmanager waits for by design is in it.
    latencyMs !== undefined
      ? formatElapsed(latencyMs)
      : ageMs !== undefined
        ? `age ${formatElapsed(Math.max(0, ageMs))}`
        : '',
    remarks(delivery),
  ];
}

function what({ nonce, mode, alert, status }: Delivery): string {
  if (nonce !== undefined) return mode === 'alertmanager' ? 'test' : `test (${mode ?? ''})`;
  return [alert ?? '', status === 'resolved' ? 'resolved' : ''].join(' ').trim();
}

function remarks({ reason, stage, message, evidence, seenAfterMs }: SeenDelivery): string {
  return [
    seenAfterMs === undefined ? '' : `seen by a person after ${formatElapsed(seenAfterMs)}`,
    reason === undefined ? '' : stage === undefined ? reason : `at \`${stage}\`: ${reason}`,
    message === undefined ? (reason === undefined ? (evidence ?? '') : '') : `inbox message ${message}`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}

function summaryRow(summary: DeliverySummary, now: Date): string[] {
  const { receiver, type, index, tests, notifications, latency, lastSuccess, lastFailure } = summary;
  const ago = ({ at }: Delivery) => `${formatAge(now.getTime() - Date.parse(at))} ago`;
  return [
    receiver === '' ? NOT_KNOWN : receiver,
    `${type}[${index}]`,
    tallyText(tests),
    latency ? formatElapsed(latency.p50Ms) : '',
    latency ? formatElapsed(latency.p95Ms) : '',
    tallyText(notifications),
    lastSuccess ? ago(lastSuccess) : 'never',
    lastFailure ? `${ago(lastFailure)}: ${lastFailure.reason ?? lastFailure.verdict}` : '',
  ];
}

/** Never rounded up to all of them. */
function tallyText({ count, good }: Tally): string {
  if (count === 0) return '0';
  const share = Math.floor((good / count) * 1000) / 10;
  return `${count} (${share} % good)`;
}
