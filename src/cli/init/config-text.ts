import { stringify } from 'yaml';
import { type KeyTemplate, keyTemplates } from '../../config/template.ts';
import { SCHEMA_VERSION } from '../../config/schema.ts';
import type { AnyComponentPlugin } from '../../stack/component.ts';
import type { Answers } from './answers.ts';
import type { ChosenPlugins } from './chosen-plugins.ts';
import { noted } from './noted.ts';
import { productionReceivers, receiverSection } from './receiver-text.ts';
import { secretName } from './secrets.ts';

/** `leitstand.yaml` with comments: active is what was chosen, the defaults stand behind a `#`. */
export function configText(answers: Answers, { components, receivers }: ChosenPlugins): string {
  return [
    header(answers),
    `components:\n${components.map(componentLines).join('\n\n')}`,
    receiverSection(receivers, answers),
    environmentSection(answers, productionReceivers(receivers, answers)),
    FURTHER,
  ].join('\n\n');
}

function header({ name, environment, language }: Answers): string {
  return `# yaml-language-server: $schema=leitstand.schema.json
# The whole monitoring stack. What begins with # is a default or a possibility; docs/configuration.md
# explains every key, and editors that know the schema above complete them.
schema: ${SCHEMA_VERSION}
stack: ${stringify(name).trim()}
${noted(`environment: ${environment}`, 'holds unless `--env` or LEITSTAND_ENV says otherwise')}
${noted(language === 'en' ? '# language: en' : `language: ${language}`, 'of messages and alert texts: en or de')}
${noted('# state_dir: .leitstand', 'data, rendered files and records')}`;
}

function componentLines({ name, summary, schema }: AnyComponentPlugin): string {
  return [
    `  # ${summary}`,
    `  ${name}:`,
    ...keyTemplates(schema).flatMap((template) => keyLines(name, template)),
  ].join('\n');
}

function keyLines(
  component: string,
  { key, value, isRequired, isSecret, description }: KeyTemplate,
): string[] {
  const [sentence = ''] = description.split(/(?<=\.) /);
  if (isRequired && isSecret) {
    return [noted(`    ${key}: \${secret:${secretName(component, key)}}`, sentence)];
  }
  const shown = value ?? EXAMPLES[key];
  return shown === undefined ? [] : [noted(`    # ${key}: ${shown}`, sentence)];
}

/** For keys without a default. */
const EXAMPLES: Readonly<Record<string, string>> = { memory: '1GiB' };

function environmentSection(answers: Answers, receivers: string): string {
  const hasPrometheus = answers.components.includes('prometheus');
  const of = (retention: string) =>
    hasPrometheus ? `\n    components:\n      prometheus:\n        retention: ${retention}` : '';
  return `# What is different in an environment (\`leitstand plan --env production\`): mappings are merged key by key,
# lists are replaced, and \`null\` takes a key out.
environments:
  staging:${of('7d')}
    # inbox: {port: 5002}
  production:${of('90d')}${receivers}
    # backup: {directory: /mnt/backup}`;
}

const FURTHER = `# backup:
#   directory: /mnt/backup          # another disk than the stack's; default: repository in the state directory
#   schedule:                       # what is done by itself (docs/schedule.md)
#     enabled: true                 # default: in staging and production
#     location: Europe/Berlin       # default: UTC
#     backup: '0 2 * * *'           # minute, hour, day of the month, month, day of the week; or never
#     verify: '0 4 * * *'           # reads the backups back
#     drill: '0 5 * * 0'            # Sundays: proves that they restore
#     prune: '0 6 * * *'            # takes away what \`retention\` does not keep
# alert_test:
#   enabled: true                   # default: in staging and production; a test alert to every receiver
#   schedule: '0 10 * * 1'          # Mondays
#   location: Europe/Berlin         # default: UTC
# rules:
#   files: [rules/own.rules.yml]    # rules of your own, beside the shipped ones (docs/rules.md)
# scrape_jobs:                      # targets of your own, in Prometheus' own format
#   - job_name: website
#     static_configs: [{targets: ['10.0.0.5:9100']}]
`;
