import { stringify } from 'yaml';
import { type KeyTemplate, keyTemplates } from '../../config/template.ts';
import { SCHEMA_VERSION } from '../../config/schema.ts';
import type { AnyComponentPlugin } from '../../stack/component.ts';
import type { Answers } from './answers.ts';
import { channelOf, secretName } from './secrets.ts';

const RECEIVER = 'on-call';
/** Where the comments begin, so that they can be read as a column. */
const COLUMN = 34;

/** `leitstand.yaml` with comments: active is what was chosen, the defaults stand behind a `#`. */
export function configText(answers: Answers, plugins: readonly AnyComponentPlugin[]): string {
  return [
    header(answers),
    `components:\n${plugins.map(componentLines).join('\n\n')}`,
    receiverSection(answers),
    environmentSection(answers),
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

function noted(line: string, note: string): string {
  return `${line.padEnd(COLUMN)}  # ${note}`;
}

function receiverSection(answers: Answers): string {
  const channel = channelOf(answers.receiver);
  if (!channel) {
    return `# Nobody is told about alerts yet: they show in Alertmanager only. With a receiver:
# receivers:
#   ${RECEIVER}:
#     slack:
#       - webhook_url: \${secret:SLACK_WEBHOOK_URL}
# routing:
#   default: ${RECEIVER}`;
  }
  const { key, secret, inboxUrl } = channel;
  const place = answers.dotenv
    ? `      # Its value is in .env; it points to the built-in inbox until you put the real one there.
      - ${key}: \${secret:${secret}}`
    : `      # Until ${secret} is in .env (see .env.example): the built-in inbox, which answers as the
      # real one would, so that everything can be proven. Once it is there, demand it: \${secret:${secret}}
      - ${key}: \${env:${secret}:-${inboxUrl}}`;
  return `# Who is told. \`leitstand alert test\` proves that it arrives.
receivers:
  ${RECEIVER}:
    ${answers.receiver}:
${place}

routing:
  # severity:                       # other receivers for some alerts
  #   critical: ${RECEIVER}
  default: ${RECEIVER}
${noted('  # group_wait: 10s', 'how long the first alert of a group waits for others')}
${noted('  # repeat_interval: 4h', 'when an alert that still fires is sent again')}`;
}

function environmentSection(answers: Answers): string {
  const hasPrometheus = answers.components.includes('prometheus');
  const of = (retention: string) =>
    hasPrometheus ? `\n    components:\n      prometheus:\n        retention: ${retention}` : '';
  return `# What is different in an environment (\`leitstand plan --env production\`): mappings are merged key by key,
# lists are replaced, and \`null\` takes a key out.
environments:
  staging:${of('7d')}
    # inbox: {port: 5002}
  production:${of('90d')}${productionReceivers(answers)}
    # backup: {directory: /mnt/backup}`;
}

/** Production must not send to the inbox for ever: switching to it asks for the real place. */
function productionReceivers({ receiver, dotenv, environment }: Answers): string {
  const channel = channelOf(receiver);
  if (!channel || dotenv) return '';
  const lines = `
receivers:
  ${RECEIVER}:
    ${receiver}:
      - ${channel.key}: \${secret:${channel.secret}}`;
  const mark = environment === 'production' ? '    # ' : '    ';
  return lines.replaceAll(/\n/g, `\n${mark}`);
}

const FURTHER = `# backup:
#   directory: /mnt/backup          # another disk than the stack's; default: repository in the state directory
# rules:
#   files: [rules/own.rules.yml]    # rules of your own, beside the shipped ones (docs/rules.md)
# scrape_jobs:                      # targets of your own, in Prometheus' own format
#   - job_name: website
#     static_configs: [{targets: ['10.0.0.5:9100']}]
`;
