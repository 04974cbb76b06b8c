import type { SetupKey } from '../../stack/receiver.ts';
import type { Answers } from './answers.ts';
import type { OfferedReceiver } from './chosen-plugins.ts';
import { noted } from './noted.ts';

/** The inbox's default port is part of the written file. */
export const INBOX = '127.0.0.1:5001';

/** Whom critical alerts wake, and who is told about the rest. */
const ON_CALL = 'on-call';
const TEAM = 'team';

interface Recipient {
  readonly name: string;
  readonly plugins: readonly OfferedReceiver[];
}

/** One receiver has everything that wakes people, so that each of its integrations is tried and counted by itself. */
function recipientsOf(plugins: readonly OfferedReceiver[]): readonly Recipient[] {
  const [now, later] = (['now', 'later'] as const).map((urgency) =>
    plugins.filter(({ setup }) => setup.urgency === urgency),
  );
  if (!now?.length || !later?.length) return plugins.length === 0 ? [] : [{ name: ON_CALL, plugins }];
  return [
    { name: ON_CALL, plugins: now },
    { name: TEAM, plugins: later },
  ];
}

export function receiverSection(plugins: readonly OfferedReceiver[], answers: Answers): string {
  const recipients = recipientsOf(plugins);
  if (recipients.length === 0) return NOBODY_IS_TOLD;
  const note = answers.dotenv
    ? `# Who is told. \`leitstand alert test\` proves that it arrives. The values are in .env; they lead to the built-in inbox
# until you put the real ones there.`
    : `# Who is told. \`leitstand alert test\` proves that it arrives. Until a variable is set in .env (see .env.example),
# its value leads to the built-in inbox, which answers as the real one would.`;
  return `${note}
receivers:
${recipients.map((recipient) => recipientText(recipient, answers.dotenv ? demanded : orInbox)).join('\n')}

${routingSection(recipients)}`;
}

const NOBODY_IS_TOLD = `# Nobody is told about alerts yet: they show in Alertmanager only. With a receiver:
# receivers:
#   ${ON_CALL}:
#     slack:
#       - webhook_url: \${secret:SLACK_WEBHOOK_URL}
# routing:
#   default: ${ON_CALL}`;

function recipientText({ name, plugins }: Recipient, valueOf: (key: SetupKey) => string): string {
  const integrations = plugins.map(({ type, setup }) => {
    const keys = setup.keys.map((key, i) => `      ${i === 0 ? '-' : ' '} ${key.key}: ${valueOf(key)}`);
    return `    ${type}:\n${keys.join('\n')}`;
  });
  return `  ${name}:\n${integrations.join('\n')}`;
}

function orInbox({ variable, inbox }: SetupKey): string {
  return variable === undefined ? inbox(INBOX) : `\${env:${variable}:-${inbox(INBOX)}}`;
}

function demanded({ variable, isSecret, inbox }: SetupKey): string {
  if (variable === undefined) return inbox(INBOX);
  return isSecret ? `\${secret:${variable}}` : `\${env:${variable}}`;
}

function real(key: SetupKey): string {
  return key.real === undefined || key.variable === undefined
    ? demanded(key)
    : `\${env:${key.variable}:-${key.real}}`;
}

function routingSection(recipients: readonly Recipient[]): string {
  const common = `${noted('  # group_wait: 10s', 'how long the first alert of a group waits for others')}
${noted('  # repeat_interval: 4h', 'when an alert that still fires is sent again')}`;
  if (recipients.length === 1)
    return `routing:
  # severity:                       # other receivers for some alerts
  #   critical: ${ON_CALL}
  default: ${ON_CALL}
${common}`;
  return `routing:
  severity:
    critical: ${ON_CALL}
${noted(`    warning: ${TEAM}`, `in working hours only: {receiver: ${TEAM}, hours: office}`)}
${noted(`  default: ${TEAM}`, 'everything else')}
  # hours:
  #   office: {times: ['08:00-17:00'], weekdays: ['monday:friday'], location: Europe/Berlin}
${common}`;
}

/** Production must not send to the inbox for ever: switching to it asks for the real places. */
export function productionReceivers(
  plugins: readonly OfferedReceiver[],
  { dotenv, environment }: Answers,
): string {
  const recipients = recipientsOf(plugins);
  if (recipients.length === 0 || dotenv) return '';
  const lines = `\nreceivers:\n${recipients.map((recipient) => recipientText(recipient, real)).join('\n')}`;
  return lines.replaceAll(/\n/g, `\n${environment === 'production' ? '    # ' : '    '}`);
}
