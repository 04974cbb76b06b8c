import { objectToName } from '../../config/objections.ts';
import type { Catalog } from '../command.ts';
import type { Prompt } from '../prompt.ts';
import { type Answers, completeAnswers, NOBODY } from './answers.ts';
import { chosenPlugins, offeredReceivers } from './chosen-plugins.ts';
import { secretsOf } from './secrets.ts';

/** Asks what the options have left open. */
export async function askAnswers(
  prompt: Prompt,
  given: Partial<Answers>,
  defaults: Answers,
  catalog: Catalog,
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
      [...(await catalog.components()).values()].map((plugin) => ({
        value: plugin.name,
        label: `${plugin.name}: ${plugin.summary}`,
      })),
      defaults.components,
    ));
  const receivers = given.receivers ?? (await askReceivers(prompt, components, defaults.receivers, catalog));
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
  const answers = { name, environment, components, receivers, language, dotenv: true };
  const secrets = secretsOf(answers, await chosenPlugins(catalog, answers));
  const dotenv =
    given.dotenv ??
    (secrets.length > 0 &&
      (await prompt.yes('Write a .env (readable by you only) for the secrets?', defaults.dotenv)));
  return completeAnswers({ ...answers, dotenv }, defaults);
}

async function askReceivers(
  prompt: Prompt,
  components: readonly string[],
  standard: readonly string[],
  catalog: Catalog,
): Promise<readonly string[]> {
  if (!components.includes('alertmanager')) return [];
  const offered = await offeredReceivers(catalog);
  const chosen = await prompt.several(
    'Who is told about alerts? (The built-in inbox stands in until you have the real addresses.)',
    [
      ...offered.map(({ type, setup }) => ({ value: type, label: setup.label })),
      { value: NOBODY, label: 'nobody yet' },
    ],
    standard,
  );
  return chosen.filter((type) => type !== NOBODY);
}
