import { z } from 'zod';
import { foreign } from '../../config/fields.ts';
import { mayBeSecret } from '../../config/secret-keys.ts';
import { objectToTemplate } from '../../config/template/objections.ts';
import { nearest } from '../../platform/nearest.ts';
import { textsIn } from '../own-texts.ts';
import { FOREIGN_INTEGRATIONS, FOREIGN_TYPES, keysOf } from './integrations.ts';
import { numbersForSecrets } from './settings.ts';

/** What Leitstand does better by itself: Alertmanager's type → key of the receiver. */
const MODELLED: readonly string[] = ['slack', 'email', 'pagerduty', 'webhook'];

/** What people call it. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  teams: 'msteamsv2',
  'incident.io': 'incidentio',
  splunk: 'victorops',
};

const type = z
  .string()
  .check((context) => {
    const objection = objectToType(context.value);
    if (objection)
      context.issues.push({
        code: 'custom',
        message: objection.problem,
        params: { fix: objection.fix },
        input: context.value,
      });
  })
  .meta({ enum: FOREIGN_TYPES });

export const alertmanagerSchema = z
  .strictObject({
    type: type.describe(`Alertmanager's name of the integration: ${FOREIGN_TYPES.join(', ')}.`),
    settings: foreign().describe(
      "What Alertmanager's documentation says of `<type>_config`, with its keys. Any text may be `${secret:NAME}`.",
    ),
  })
  .check(({ value, issues }) => {
    const integration = FOREIGN_INTEGRATIONS[value.type];
    if (!integration) return;
    const known = [...keysOf(integration).keys()];
    const unknown = Object.keys(value.settings).filter((key) => !known.includes(key));
    if (unknown.length > 0)
      issues.push({
        code: 'custom',
        path: ['settings'],
        message: `holds keys that ${value.type} does not have`,
        params: { keys: { unknown, known } },
        input: value.settings,
      });
    for (const { path, text } of textsIn(value.settings))
      if (!mayBeSecret(path, text) && objectToTemplate(text))
        issues.push({
          code: 'custom',
          path: ['settings', ...path],
          message: "cannot be read as a text in Alertmanager's template language",
          params: {
            fix: 'each `{{` needs its `}}`, each `if`, `with` and `range` its `{{ end }}`; check the functions',
          },
          input: value.settings,
        });
    for (const path of numbersForSecrets(value.settings))
      issues.push({
        code: 'custom',
        path: ['settings', ...path],
        message: 'is a number where a secret belongs: what YAML drops of its digits would be missing',
        params: { fix: 'write ${secret:NAME} and put the value into the file secrets/NAME' },
        input: value.settings,
      });
  });

export type AlertmanagerConfig = z.infer<typeof alertmanagerSchema>;

function objectToType(text: string): { readonly problem: string; readonly fix: string } | undefined {
  if (FOREIGN_TYPES.includes(text)) return undefined;
  const name = text.replace(/_configs?$/, '').toLowerCase();
  if (MODELLED.includes(name))
    return {
      problem: 'names an integration that has a key of its own',
      fix: `write \`${name}:\` below the receiver in place of this entry`,
    };
  const near = FOREIGN_TYPES.includes(name) ? name : (OTHER_NAMES[name] ?? nearest(name, FOREIGN_TYPES));
  return {
    problem: 'is no integration of Alertmanager',
    fix: near === undefined ? `integrations are: ${FOREIGN_TYPES.join(', ')}` : `did you mean \`${near}\`?`,
  };
}
