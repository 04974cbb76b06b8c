import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

const exit = EXIT.usage;

export const configErrors = defineErrors({
  'LS-CONFIG-001': {
    exit,
    title: 'There is no configuration file',
    explanation:
      'Leitstand describes a stack in one file, leitstand.yaml. The named file does not exist. Go to the directory that holds it, or name it with --file.',
  },
  'LS-CONFIG-002': {
    exit,
    title: 'The file cannot be read',
    explanation:
      'The file exists, but the system refused to read it, it is a directory, or it is not UTF-8 text. Nothing was touched.',
  },
  'LS-CONFIG-003': {
    exit,
    title: 'The file is not valid YAML',
    explanation:
      'The text cannot be taken apart, so keys and values were not looked at yet: more mistakes may show once this one is gone. Usual causes: a tab, a missing quote or bracket, a line indented by one space too many. The first mistake of a line is reported; values are hidden where they could be secrets.',
  },
  'LS-CONFIG-004': {
    exit,
    title: 'Unknown key',
    explanation:
      'The file is read strictly: a key that nothing reads is refused, because a misspelt setting that is ignored shows only when it is needed. The reference is docs/configuration.md; `leitstand config schema` prints a JSON Schema that lets editors complete the keys.',
  },
  'LS-CONFIG-005': {
    exit,
    title: 'A value of the wrong type',
    explanation:
      'Text, number, true or false, list and mapping are different things in YAML. 9090 is a number and "9090" is text; yes and on are text, only true and false are switches.',
  },
  'LS-CONFIG-006': {
    exit,
    title: 'A value that is not allowed',
    explanation:
      'The value has the right type, but not a permitted form: a duration or size without its unit, a number out of range, a word that is not in the list. Durations are written as in Prometheus (15s, 1d12h), sizes with a unit (512MiB, 10GB).',
  },
  'LS-CONFIG-007': {
    exit,
    title: 'A required key is missing',
    explanation: 'The key has no default. The position is the one of the mapping that needs it.',
  },
  'LS-CONFIG-008': {
    exit,
    title: 'Unknown component',
    explanation: 'The keys below `components` are the names of the programs that Leitstand knows how to run.',
  },
  'LS-CONFIG-009': {
    exit,
    title: 'Unknown integration',
    explanation:
      "The keys below a receiver are the ways to reach it, in Alertmanager's words: slack, webhook. This version of Leitstand does not know the one that is written.",
  },
  'LS-CONFIG-010': {
    exit,
    title: 'Unknown receiver',
    explanation:
      'A route names a receiver that `receivers` does not define. Its alerts would reach nobody, so the file is refused.',
  },
  'LS-CONFIG-011': {
    exit,
    title: 'A port is used twice',
    explanation:
      'Two programs of the stack would listen on the same port, and one of them could not start. A port that is not written has its default.',
  },
  'LS-CONFIG-012': {
    exit,
    title: 'An environment variable is not set',
    explanation:
      '${env:NAME} takes the value from the environment, else from the file .env beside the configuration file. ${env:NAME:-value} has a default.',
  },
  'LS-CONFIG-013': {
    exit,
    title: 'A secret is missing, empty or cannot be read',
    explanation:
      '${secret:NAME} is looked for in the file secrets/NAME beside the configuration file, then in the environment variable NAME, then in the file .env. A newline at the end of the file does not count.',
  },
  'LS-CONFIG-014': {
    exit,
    title: 'A secret where none is allowed',
    explanation:
      'Only fields that are kept out of logs, messages and rendered files take ${secret:NAME}, and it must be their whole value. For everything else there is ${env:NAME}.',
  },
  'LS-CONFIG-015': {
    exit,
    title: 'A reference that cannot be understood',
    explanation:
      'Two forms exist: ${env:NAME}, also with a default as in ${env:NAME:-value}, and ${secret:NAME}. Names have letters, digits and underscores. Where a value must hold the characters ${ themselves, write $${.',
  },
  'LS-CONFIG-016': {
    exit,
    title: 'A configuration of another schema version',
    explanation:
      'The key `schema` says for which version of the format the file was written. This Leitstand reads version 1 and looks at nothing else in the file, since the other keys could mean something different.',
  },
  'LS-CONFIG-017': {
    exit,
    title: 'The configuration file is empty',
    explanation: 'The file has no content, or only comments. The least is: schema, stack and components.',
  },
  'LS-CONFIG-018': {
    exit,
    title: 'A file with secrets that others can read',
    explanation:
      'A file that secrets are taken from must be readable by its owner only (mode 0600 or 0400). If others could read it for a while, consider the secret known and replace it at its provider.',
  },
  'LS-CONFIG-019': {
    exit,
    title: 'A line of .env cannot be understood',
    explanation:
      'Lines are KEY=value, with `export` before it if you like. A value in single quotes is taken as it is; double quotes know \\n, \\r, \\t, \\", \\\\ and \\$; both may span lines. A # after a space starts a comment. Variables in values are not expanded. Values are never shown.',
  },
  'LS-CONFIG-020': {
    exit,
    title: 'A key is written twice',
    explanation: 'Only one of the two could be in force, and it would not be clear which.',
  },
  'LS-CONFIG-021': {
    exit,
    title: 'An environment that the file does not know',
    explanation:
      '`--env` or the variable LEITSTAND_ENV asks for an environment, and the file has no overlay for it below `environments`. Going on with the rest of the file alone could start a laptop configuration in production.',
  },
  'LS-CONFIG-022': {
    exit,
    title: 'Unknown hours',
    explanation:
      'A route names hours that `routing.hours` does not define. Alertmanager would refuse its configuration.',
  },
  'LS-CONFIG-023': {
    exit,
    title: 'Critical alerts with hours',
    explanation:
      'Alerts of the severity `critical` are never held back: that is what sets them apart. Outside of its hours a route tells nobody, and what is over when they begin is never told. An alert that can wait has the severity `warning`.',
  },
  'LS-CONFIG-024': {
    exit,
    title: 'A route that asks for nothing, or for a label twice',
    explanation:
      'A route below `routing.routes` is for alerts with certain labels, named in `match`. Without any it would take every alert, and nothing after it would be reached. The severity stands either in `match` or under `severity:`.',
  },
  'LS-CONFIG-025': {
    exit,
    title: 'A route that is never reached',
    explanation:
      'Routes are tried in the order of the file, those below `routes` before those below `severity`, and the first that fits takes the alert. One before this takes all of its alerts, so that its receiver would not be told. `leitstand alert routes` shows the order.',
  },
  'LS-CONFIG-026': {
    exit,
    title: 'Hours that never come',
    explanation:
      'No day has everything that these hours ask for, the 30th of February for instance: a route with them would tell nobody, ever.',
  },
  'LS-CONFIG-030': {
    exit,
    title: 'Where backups go is not clear',
    explanation:
      "The repository lies in a directory or in an S3 bucket, not in both. Credentials of S3 are a pair; without any, AWS' own chain is asked: the environment, a profile, a web identity, the role of the machine. A `component` of this stack brings its own address and keys.",
  },
  'LS-CONFIG-031': {
    exit,
    title: 'A recovery key is named twice',
    explanation:
      'Each entry of `backup.recovery_keys` is the public half of another key, and each secret half alone opens every backup. A key that stands there twice is most likely a mistake in place of a second one, which could then open nothing.',
  },
});

export type ConfigErrorCode = Parameters<typeof configErrors.error>[0];
