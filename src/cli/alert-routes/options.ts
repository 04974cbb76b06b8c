import type { Labels } from '../../routing/matcher.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { formatMoment, parseHumanTime, TIME_EXAMPLES } from '../human-time.ts';

export interface AskedTime {
  /** As it was said: `now`, `Sunday 03:00`. */
  readonly said: string;
  readonly at: Date;
}

export interface AlertRoutesOptions {
  readonly question:
    | { readonly kind: 'table' }
    | { readonly kind: 'labels'; readonly labels: Labels }
    | { readonly kind: 'rules' };
  /** `now` first. */
  readonly times: readonly AskedTime[];
}

/** For rules, where no time is named: the middle of the night of a weekend, and working hours. */
const USUAL_TIMES = ['Sunday 03:00', 'Tuesday 10:00'];

/** Throws LS-CLI-001 for words that cannot be meant. */
export function alertRoutesOptions(
  input: CommandInput,
  { clock }: Pick<CommandContext, 'clock'>,
): AlertRoutesOptions {
  const now = clock.now();
  const isForRules = input.flag('rules');
  if (isForRules && input.args.length > 0)
    throw misuse('labels and --rules do not go together', 'leitstand alert routes --rules');
  const asked = input.list('at');
  const said = asked.length === 0 && isForRules ? USUAL_TIMES : asked;
  return {
    question: isForRules
      ? { kind: 'rules' }
      : input.args.length > 0
        ? { kind: 'labels', labels: labelsOf(input.args) }
        : { kind: 'table' },
    times: [
      { said: 'now', at: now },
      ...said.filter((text) => text !== 'now').map((text) => ({ said: text, at: timeOf(text, now) })),
    ],
  };
}

function timeOf(text: string, now: Date): Date {
  const at = parseHumanTime(text, now);
  if (at) return at;
  throw misuse(`--at takes a time, not \`${text}\``, `write it as one of these: ${TIME_EXAMPLES}`);
}

/** `severity=critical`, `team="water works"` */
function labelsOf(words: readonly string[]): Labels {
  const pairs = words.map((word) => {
    const [, label, value] = /^([^\s=!~{}",]+)=(?!~)(.*)$/s.exec(word) ?? [];
    if (label === undefined || value === undefined)
      throw misuse(
        `an alert is given by its labels, not by \`${word}\``,
        'leitstand alert routes severity=critical team=water',
      );
    return [label, /^".*"$/s.test(value) ? value.slice(1, -1) : value] as const;
  });
  const names = pairs.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw misuse(
      `\`${twice}\` is there twice: an alert has one value of each label`,
      'ask once for each value',
    );
  return Object.fromEntries(pairs);
}

/** `now, Fri 27 Nov 10:30` */
export function timeText({ said, at }: AskedTime, now: Date): string {
  const moment = formatMoment(at, now);
  return said === 'now' ? `now, ${moment}` : moment;
}

export function misuse(what: string, fix: string) {
  return cliErrors.error('LS-CLI-001', { what, fix });
}
