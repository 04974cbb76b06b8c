import { keyTemplates } from '../../config/template.ts';
import type { Answers } from './answers.ts';
import type { ChosenPlugins } from './chosen-plugins.ts';
import { INBOX } from './receiver-text.ts';

/** A variable that the written file asks for, or shows how to. */
export interface NamedSecret {
  readonly name: string;
  /** What to put there, in a line. */
  readonly what: string;
  /** Demanded by what is active in the file: without a value nothing starts. */
  readonly isNeeded: boolean;
  /** What reaches the inbox until then; absent: a value made at random will do. */
  readonly inboxValue?: string;
}

/** `versitygw`'s `secret_key` → `VERSITYGW_SECRET_KEY`. */
export function secretName(component: string, key: string): string {
  return `${component}_${key}`.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

/** In the order of the file. */
export function secretsOf(
  answers: Answers,
  { components, receivers }: ChosenPlugins,
): readonly NamedSecret[] {
  const own = components.flatMap(({ name, schema }) =>
    keyTemplates(schema)
      .filter(({ isRequired, isSecret }) => isRequired && isSecret)
      .map(({ key, description }) => ({
        name: secretName(name, key),
        what: `${name}: ${description}`,
        isNeeded: true,
      })),
  );
  const channels = receivers.flatMap(({ setup }) =>
    setup.keys.flatMap(({ variable, what, inbox }) =>
      variable === undefined
        ? []
        : [{ name: variable, what, isNeeded: answers.dotenv, inboxValue: inbox(INBOX) }],
    ),
  );
  return [...own, ...channels];
}
