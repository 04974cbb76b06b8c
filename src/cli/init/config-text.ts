import { stringify } from 'yaml';
import { type KeyTemplate, keyTemplates } from '../../config/template.ts';
import { SCHEMA_VERSION } from '../../config/schema.ts';
import type { AnyComponentPlugin } from '../../stack/component.ts';
import type { Answers } from './answers.ts';
import type { ChosenPlugins } from './chosen-plugins.ts';
import { BUCKET, bucketComponent } from './bucket.ts';
import { noted } from './noted.ts';
import { productionReceivers, receiverSection } from './receiver-text.ts';
import { secretName } from './secrets.ts';

/** `leitstand.yaml` with comments: active is what was chosen, the defaults stand behind a `#`. */
export function configText(
  answers: Answers,
  { components, receivers }: ChosenPlugins,
  recoveryKey: string | undefined,
): string {
  const bucketsOf = bucketComponent(components);
  const elsewhere =
    bucketsOf === undefined
      ? '{directory: /mnt/backup}'
      : '{s3: {component: null, bucket: my-backups, region: eu-central-1}}';
  return [
    header(answers),
    `components:\n${components.map(componentLines).join('\n\n')}`,
    receiverSection(receivers, answers),
    environmentSection(answers, { receivers: productionReceivers(receivers, answers), elsewhere }),
    `${backupSection(recoveryKey, bucketsOf)}\n${FURTHER}`,
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

function environmentSection(
  answers: Answers,
  { receivers, elsewhere }: { readonly receivers: string; readonly elsewhere: string },
): string {
  const hasPrometheus = answers.components.includes('prometheus');
  const of = (retention: string) =>
    hasPrometheus ? `\n    components:\n      prometheus:\n        retention: ${retention}` : '';
  return `# What is different in an environment (\`leitstand plan --env production\`): mappings are merged key by key,
# lists are replaced, and \`null\` takes a key out.
environments:
  staging:${of('7d')}
    # inbox: {port: 5002}
  production:${of('90d')}${receivers}
    # backup: ${elsewhere}`;
}

function backupSection(recoveryKey: string | undefined, bucketsOf: string | undefined): string {
  const place =
    bucketsOf === undefined
      ? ''
      : `\n${noted(`  s3: {component: ${bucketsOf}, bucket: ${BUCKET}}`, 'on this machine: copy it elsewhere')}`;
  const keys =
    recoveryKey === undefined
      ? `${place === '' ? '# ' : ''}backup:${place}
#   recovery_keys: [age1…]          # encrypted, and opened by the recovery kit: leitstand backup kit --new`
      : `# Backups are encrypted. The secret half of this key is in the recovery kit: no copy of it is on this machine.
backup:
  recovery_keys:
    - ${recoveryKey}${place}`;
  return `${keys}\n${BACKUP_OPTIONS}`;
}

const BACKUP_OPTIONS = `#   directory: /mnt/backup          # another disk than the stack's; default: repository in the state directory
#   schedule:                       # what is done by itself (docs/schedule.md)
#     enabled: true                 # default: in staging and production
#     location: Europe/Berlin       # default: UTC
#     backup: '0 2 * * *'           # minute, hour, day of the month, month, day of the week; or never
#     verify: '0 4 * * *'           # reads the backups back
#     drill: '0 5 * * 0'            # Sundays: proves that they restore
#     prune: '0 6 * * *'            # takes away what \`retention\` does not keep`;

const FURTHER = `# alert_test:
#   enabled: true                   # default: in staging and production; a test alert to every receiver
#   schedule: '0 10 * * 1'          # Mondays
#   location: Europe/Berlin         # default: UTC
# rules:
#   files: [rules/own.rules.yml]    # rules of your own, beside the shipped ones (docs/rules.md)
# scrape_jobs:                      # targets of your own, in Prometheus' own format
#   - job_name: website
#     static_configs: [{targets: ['10.0.0.5:9100']}]
`;
