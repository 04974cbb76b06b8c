import { objectToName } from '../../config/objections.ts';
import type { AnyComponentPlugin } from '../../stack/component.ts';
import type { Prompt } from '../prompt.ts';
import { type Answers, completeAnswers, type ReceiverChoice } from './answers.ts';
import { secretsOf } from './secrets.ts';

/** Asks what the options have left open. */
export async function askAnswers(
  prompt: Prompt,
  given: Partial<Answers>,
  defaults: Answers,
  plugins: ReadonlyMap<string, AnyComponentPlugin>,
): Promise<Answers> {
  const name =
    given.name ??
    (await prompt.text('Name of the stack', defaults.name, (answer) => objectToName(answer)?.problem));
  const environment =
    given.environment ??
    (await prompt.one(
      'Which environment is this?',
      [
        { value: 'local', label: 'local: to try it out, on a laptop' },
        { value: 'staging', label: 'staging: where changes are tried' },
        { value: 'production', label: 'production: where it counts' },
      ],
      defaults.environment,
    ));
  const components =
    given.components ??
    (await prompt.several(
      'What belongs to the stack?',
      [...plugins.values()].map((plugin) => ({
        value: plugin.name,
        label: `${plugin.name}: ${plugin.summary}`,
      })),
      defaults.components,
    ));
  const receiver = given.receiver ?? (await askReceiver(prompt, components, defaults.receiver));
  const language =
    given.language ??
    (await prompt.one(
      'In which language are messages and alert texts?',
      [
        { value: 'en', label: 'English' },
        { value: 'de', label: 'Deutsch' },
      ],
      defaults.language,
    ));
  const answers = { name, environment, components, receiver, language, dotenv: true };
  const secrets = secretsOf(
    answers,
    components.flatMap((component) => plugins.get(component) ?? []),
  );
  const dotenv =
    given.dotenv ??
    (secrets.length > 0 &&
      (await prompt.yes('Write a .env (readable by you only) for the secrets?', defaults.dotenv)));
  return completeAnswers({ ...answers, dotenv }, defaults);
}

function askReceiver(
  prompt: Prompt,
  components: readonly string[],
  standard: ReceiverChoice,
): Promise<ReceiverChoice> | 'none' {
  if (!components.includes('alertmanager')) return 'none';
  return prompt.one<ReceiverChoice>(
    'Who is told about alerts? (The built-in inbox stands in until you have the real URL.)',
    [
      { value: 'slack', label: 'a Slack channel' },
      { value: 'webhook', label: 'a program, through a webhook' },
      { value: 'none', label: 'nobody yet' },
    ],
    standard,
  );
}
