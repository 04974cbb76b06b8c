import { resolve } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import { LANGUAGES } from '../../stack/language.ts';
import { ENVIRONMENTS } from '../../stack/stack.ts';
import type { Command, CommandContext } from '../command.ts';
import { type Answers, answersFrom, completeAnswers, defaultAnswers, NOBODY } from '../init/answers.ts';
import { shellWord } from '../shell-word.ts';
import { shownPath } from '../shown-path.ts';
import { table } from '../terminal.ts';

export const initCommand: Command = {
  description: `Writes a commented leitstand.yaml with the JSON Schema beside it, the names of its secrets (.env.example) and
the lines that keep secrets out of git. On a terminal it asks what the options leave open; elsewhere, and with
--yes, the defaults hold. What is there is never replaced.

Backups are encrypted: init makes a recovery key, tries it, and shows its secret half once, as a recovery kit to print.
Without a terminal it has to be told where that goes (\`--kit\`), or that backups stay readable (\`--no-encryption\`).`,
  arguments: [
    {
      name: 'directory',
      description: 'where the stack shall live; made when it is not there (default: here)',
      required: false,
      offers: 'directory',
    },
  ],
  options: [
    { flags: '--name <name>', description: 'name of the stack (default: that of the directory)' },
    {
      flags: '--environment <name>',
      description: 'which environment this is (default: local)',
      choices: ENVIRONMENTS,
    },
    {
      flags: '--components <names>',
      description: 'with commas between (default: prometheus,alertmanager,node-exporter)',
    },
    {
      flags: '--receiver <types>',
      description: 'who is told about alerts, such as slack,pagerduty,email; or none (default: slack)',
    },
    {
      flags: '--language <code>',
      description: 'of messages and alert texts (default: en)',
      choices: LANGUAGES,
    },
    {
      flags: '--dotenv',
      description: 'write a .env (0600) with values that work: random ones, and the inbox',
    },
    {
      flags: '--kit <file>',
      description: 'write the recovery kit to this new file (0600), outside of the directory of the stack',
    },
    { flags: '--no-encryption', description: 'make no recovery key: whoever has the backups can read them' },
    { flags: '--yes', description: 'ask nothing' },
  ],
  examples: [
    { command: 'leitstand init', shows: 'asks, and writes into this directory' },
    {
      command: 'leitstand init monitoring --yes --kit /media/stick/kit.txt',
      shows: 'the defaults, in a new directory',
    },
    {
      command: 'leitstand init --receiver slack,pagerduty,email --yes --no-encryption',
      shows: 'critical alerts to Slack and PagerDuty, others by e-mail',
    },
  ],
  exits: ['2   there is a leitstand.yaml already, or another `init` is just writing one'],
  run: async (context, input) => {
    const [{ refuseExisting, writeStackFiles }, { openRecovery }] = await Promise.all([
      import('../init/write-files.ts'),
      import('../init/recovery.ts'),
    ]);
    const directory = resolve(context.cwd, input.args[0] ?? '.');
    await refuseExisting(context, directory);
    const recovery = await openRecovery(context, input, directory);
    const { offered } = await import('../init/chosen-plugins.ts');
    const choices = await offered(context.catalog);
    const given = answersFrom(input, context, choices);
    const answers = await settle(context, given, {
      defaults: defaultAnswers(directory, choices),
      silent: input.flag('yes'),
    });
    const { recoveryKey, files } = await claimed(context, directory, async () => {
      const key = await recovery?.makeKey(answers);
      const written = await writeStackFiles(context, directory, answers, key);
      if (key !== undefined) await recovery?.record(key);
      return { recoveryKey: key, files: written };
    });
    return {
      exit: EXIT.ok,
      text: [
        table(files.map(({ path, what }) => [shownPath(context.cwd, path), what])),
        '',
        ...(recovery?.remarks() ?? [NOT_ENCRYPTED, '']),
        ...nextSteps(context, directory, answers),
      ].join('\n'),
      json: {
        directory,
        ...answers,
        components: [...answers.components],
        receivers: [...answers.receivers],
        files: files.map(({ path }) => path),
        recoveryKey: recoveryKey ?? null,
      },
    };
  },
};

async function claimed<Result>(
  context: CommandContext,
  directory: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const { claimDirectory } = await import('../init/claim.ts');
  const claim = await claimDirectory(context, directory);
  try {
    return await work();
  } finally {
    claim.release();
  }
}

async function settle(
  context: CommandContext,
  given: Partial<Answers>,
  { defaults, silent }: { readonly defaults: Answers; readonly silent: boolean },
): Promise<Answers> {
  const prompt = silent ? undefined : await context.openPrompt();
  if (!prompt) {
    const answers = completeAnswers(given, defaults);
    if (!silent && Object.keys(given).length === 0)
      context.output.talk(`no terminal to ask on: taking the defaults (${described(answers)})`);
    return answers;
  }
  try {
    const { askAnswers } = await import('../init/wizard.ts');
    return await askAnswers(prompt, given, defaults, context.catalog);
  } finally {
    prompt.close();
  }
}

const NOT_ENCRYPTED =
  'Backups are not encrypted: whoever has them can read them. To change that: leitstand backup kit --new';

function described({ name, environment, components, receivers }: Answers): string {
  const told = receivers.length === 0 ? NOBODY : receivers.join(' ');
  return `${name}, ${environment}, ${components.join(' ')}, receiver ${told}`;
}

function byItself({ environment, receivers }: Answers): string {
  const what = `backups, drills${receivers.length > 0 ? ', test alerts' : ''}`;
  return environment === 'local'
    ? `In staging and production more is done by itself (${what}): docs/schedule.md`
    : `From \`up\` on this is done by itself: ${what}. When: leitstand schedule list`;
}

function nextSteps(context: CommandContext, directory: string, answers: Answers): string[] {
  const here = shownPath(context.cwd, directory);
  const isTold = answers.receivers.length > 0;
  const inbox =
    isTold && answers.environment !== 'local'
      ? ['Alerts go to the built-in inbox until .env names the real place.', '']
      : [];
  return [
    ...inbox,
    'Next:',
    table([
      ...(here === '.' ? [] : [[`  cd ${shellWord(here)}`, '']]),
      ['  leitstand doctor', 'is this machine fit for it?'],
      ['  leitstand up', 'start it'],
      ...(isTold ? [['  leitstand alert test', 'prove that alerts arrive']] : []),
      ['  leitstand backup', 'store its data'],
      ['  leitstand drill', 'prove that the backup restores'],
      ['  leitstand service install --now', 'start it at boot, too'],
    ]),
    '',
    byItself(answers),
  ];
}
