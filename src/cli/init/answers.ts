import { basename } from 'node:path';
import { objectToName } from '../../config/objections.ts';
import { nearest } from '../../platform/nearest.ts';
import type { Language } from '../../stack/language.ts';
import type { EnvironmentName } from '../../stack/stack.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';

/** Instead of a receiver: alerts are seen in Alertmanager only. */
export const NOBODY = 'none';

/** What there is to choose from, in the catalog's order. */
export interface Offered {
  readonly components: readonly string[];
  /** Types of integrations. */
  readonly receivers: readonly string[];
}

/** Everything that `init` has to know. */
export interface Answers {
  readonly name: string;
  readonly environment: EnvironmentName;
  /** In the catalog's order. */
  readonly components: readonly string[];
  /** Types of integrations, in the catalog's order; empty: nobody is told. */
  readonly receivers: readonly string[];
  readonly language: Language;
  /** Whether a `.env` with values is written. */
  readonly dotenv: boolean;
}

/** What a first stack is made of, as far as there is such a component. */
const USUAL: readonly string[] = ['prometheus', 'alertmanager', 'node-exporter'];

/** What holds where nobody says otherwise. */
export function defaultAnswers(directory: string, offered: Offered): Answers {
  return {
    name: nameFrom(basename(directory)),
    environment: 'local',
    components: USUAL.filter((name) => offered.components.includes(name)),
    receivers: offered.receivers.slice(0, 1),
    language: 'en',
    dotenv: false,
  };
}

function nameFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return objectToName(name) === undefined ? name : 'my-stack';
}

/** The answers that the options give; throws LS-CLI-001 for one that cannot be. */
export function answersFrom(
  input: CommandInput,
  context: Pick<CommandContext, 'environment'>,
  offered: Offered,
): Partial<Answers> {
  const [name, components, receivers] = [
    input.text('name'),
    input.text('components'),
    input.text('receiver'),
  ];
  const environment = (input.text('environment') as EnvironmentName | undefined) ?? context.environment;
  const language = input.text('language') as Language | undefined;
  return {
    ...(name === undefined ? {} : { name: checkedName(name) }),
    ...(environment === undefined ? {} : { environment }),
    ...(components === undefined ? {} : { components: namesIn(components, COMPONENTS, offered.components) }),
    ...(receivers === undefined ? {} : { receivers: receiverList(receivers, offered.receivers) }),
    ...(language === undefined ? {} : { language }),
    ...(input.flag('dotenv') ? { dotenv: true } : {}),
  };
}

function checkedName(name: string): string {
  const objection = objectToName(name);
  if (objection === undefined) return name;
  throw cliErrors.error('LS-CLI-001', {
    what: `--name ${name}: ${objection.problem}`,
    fix: 'small letters, digits and dashes, a letter first: --name rathaus-nord',
  });
}

interface ListOption {
  readonly flag: string;
  /** One of them: `component`. */
  readonly one: string;
  readonly example: string;
  /** What is to be done about one that is not offered. */
  readonly others?: string;
}

const COMPONENTS: ListOption = {
  flag: '--components',
  one: 'component',
  example: 'prometheus,alertmanager',
};
const RECEIVER: ListOption = {
  flag: '--receiver',
  one: 'receiver',
  example: 'slack,email',
  others:
    '; none stands alone; Teams, Telegram and others go into leitstand.yaml afterwards, below `alertmanager:`',
};

function receiverList(text: string, known: readonly string[]): readonly string[] {
  return text.trim() === NOBODY ? [] : namesIn(text, RECEIVER, known);
}

function namesIn(
  text: string,
  { flag, one, example, others = '' }: ListOption,
  known: readonly string[],
): string[] {
  const wanted = text.split(/[\s,]+/).filter((name) => name !== '');
  for (const name of wanted) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw cliErrors.error('LS-CLI-001', {
      what: `there is no ${one} ${name}`,
      why: `there are: ${known.join(', ')}${others}`,
      fix: near === undefined ? `${flag} ${example}` : `${flag} …,${near}`,
    });
  }
  if (wanted.length === 0)
    throw cliErrors.error('LS-CLI-001', { what: `${flag} names none`, fix: `${flag} ${example}` });
  return known.filter((name) => wanted.includes(name));
}

/**
 * What was given, the defaults for the rest, and both made to fit: receivers need an Alertmanager. Throws LS-CLI-001
 * when what was given does not.
 */
export function completeAnswers(given: Partial<Answers>, defaults: Answers): Answers {
  const answers = { ...defaults, ...given };
  if (answers.components.includes('alertmanager') || answers.receivers.length === 0) return answers;
  if (given.receivers === undefined) return { ...answers, receivers: [] };
  throw cliErrors.error('LS-CLI-001', {
    what: `a receiver (${given.receivers.join(', ')}) needs an Alertmanager, which is not among the components`,
    fix: `add alertmanager to --components, or --receiver ${NOBODY}`,
  });
}
