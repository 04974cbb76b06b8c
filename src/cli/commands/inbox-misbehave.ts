import { faultText } from '../../inbox/faults.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import type { Misbehaviour, NewMisbehaviour } from '../../stack/sandbox.ts';
import type { Command, CommandContext, CommandInput, CommandResult } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { FAULT_WORDS, milliseconds, parseFault, quoted, wordsOfFaults } from '../inbox/fault-words.ts';
import { openInboxRecords, STATE_OPTION } from '../inbox/open-records.ts';
import { leftText, misbehaviourJson, whom } from '../inbox/misbehaviour-text.ts';
import { shellWord } from '../shell-word.ts';
import { table } from '../terminal.ts';

const FAULTS = Object.entries(FAULT_WORDS).map(([word, meaning]) => `  ${word.padEnd(16)} ${meaning}`);

export const inboxMisbehaveCommand: Command = {
  description: `Tells the running inbox to fail as a provider would, so that you see what Alertmanager and \`alert test\` do then:
for the next requests (--times), for a time (--for), or until it is cleared. What failed on purpose is kept with the
others, as refused. Without words: what is in force.

Faults:
${FAULTS.join('\n')}`,
  arguments: [
    {
      name: 'type',
      description: "whose requests: `slack`, `email`, …; '*' is all",
      required: false,
      offers: ['slack', 'email', 'pagerduty', 'webhook', '*'],
    },
    { name: 'fault', description: 'how', required: false, offers: ['429', '503', ...wordsOfFaults()] },
  ],
  options: [
    { flags: '--times <n>', description: 'for so many requests' },
    { flags: '--for <duration>', description: 'for so long: 10m' },
    {
      flags: '--retry-after <duration>',
      description: 'what the header Retry-After says, for a status of HTTP',
    },
    { flags: '--delay <duration>', description: 'how late, for `slow`' },
    { flags: '--list', description: 'what is in force' },
    { flags: '--clear', description: 'behave again, for this type or for all' },
    STATE_OPTION,
  ],
  examples: [
    {
      command: 'leitstand inbox misbehave slack 429 --retry-after 30s --times 3',
      shows: 'Slack has enough, three times',
    },
    {
      command: 'leitstand inbox misbehave email greylist --times 1',
      shows: 'the next mail is to come again',
    },
    {
      command: 'leitstand inbox misbehave pagerduty hang --for 10m',
      shows: 'PagerDuty says nothing, for a while',
    },
    { command: "leitstand inbox misbehave '*' drop", shows: 'nothing gets through until it is cleared' },
    { command: 'leitstand inbox misbehave --clear', shows: 'back to normal' },
  ],
  run: async (context, input) => {
    const wanted = await read(context, input);
    const history = await openInboxRecords(context, input);
    try {
      const { misbehaviours } = history;
      const now = context.clock.now();
      const type = input.args[0] === '*' ? undefined : input.args[0];
      if (input.flag('clear')) return cleared(misbehaviours.clear(type), type);
      return wanted
        ? added(misbehaviours.add(wanted), now, input.text('state'))
        : listed(misbehaviours.list(now), now);
    } finally {
      history.close();
    }
  },
};

/** Undefined when nothing is to be added. */
async function read(context: CommandContext, input: CommandInput): Promise<NewMisbehaviour | undefined> {
  const [type, fault = ''] = input.args;
  if (input.flag('list') || input.flag('clear')) {
    if (fault === '' && !(input.flag('list') && type !== undefined)) return undefined;
    throw cliErrors.error('LS-CLI-001', {
      what: 'a fault and --list or --clear are two things',
      fix: input.flag('clear')
        ? `leitstand inbox misbehave ${quoted(type ?? '*')} --clear`
        : 'leitstand inbox misbehave --list',
    });
  }
  if (type === undefined) return undefined;
  const words = { type, fault, retryAfter: input.text('retryAfter'), delay: input.text('delay') };
  const [times, period] = [input.text('times'), input.text('for')];
  if (times !== undefined && !/^[1-9]\d{0,8}$/.test(times))
    throw cliErrors.error('LS-CLI-001', {
      what: `--times takes a whole number from 1 on, not \`${times}\``,
      fix: `leitstand inbox misbehave ${quoted(type)} ${fault} --times 3`,
    });
  return {
    type,
    fault: parseFault(words, await context.catalog.sandboxes()),
    times: times === undefined ? undefined : Number(times),
    until:
      period === undefined
        ? undefined
        : new Date(context.clock.now().getTime() + milliseconds('--for', period)).toISOString(),
  };
}

function added(one: Misbehaviour, now: Date, state: string | undefined): CommandResult {
  const tlsOnly =
    one.fault.kind === 'bad-certificate'
      ? ['Before TLS is agreed on nobody knows who comes: every sender that begins with TLS gets it.']
      : [];
  return {
    exit: EXIT.ok,
    text: [
      `The inbox misbehaves towards ${whom(one.type)}: ${faultText(one.fault)}; ${leftText(one, now)}.`,
      ...tlsOnly,
      '`leitstand alert test` can now say FAILED for what goes to this inbox.',
      `Back to normal: leitstand inbox misbehave --clear${state === undefined ? '' : ` --state ${shellWord(state)}`}`,
    ].join('\n'),
    json: misbehaviourJson(one),
  };
}

function cleared(count: number, type: string | undefined): CommandResult {
  const towards = type === undefined ? '' : ` towards ${type}`;
  return {
    exit: EXIT.ok,
    text: count === 0 ? `The inbox behaved already${towards}.` : `The inbox behaves again${towards}.`,
    json: { cleared: count },
  };
}

function listed(all: readonly Misbehaviour[], now: Date): CommandResult {
  const rows = all.map((one) => [one.type, faultText(one.fault), leftText(one, now)]);
  return {
    exit: EXIT.ok,
    text: all.length === 0 ? 'The inbox behaves.' : table([['AS', 'FAULT', 'HOW LONG'], ...rows]),
    json: all.map(misbehaviourJson),
  };
}
