import { keyTemplates } from '../../config/template.ts';
import type { AnyComponentPlugin } from '../../stack/component.ts';
import type { Answers, ReceiverChoice } from './answers.ts';

/** A secret that the written file asks for, or shows how to. */
export interface NamedSecret {
  readonly name: string;
  /** What to put there, in a line. */
  readonly what: string;
  /** Demanded by what is active in the file: without a value nothing starts. */
  readonly isNeeded: boolean;
}

export interface Channel {
  readonly secret: string;
  readonly what: string;
  /** The key that holds it. */
  readonly key: string;
  /** The same place in the built-in inbox. */
  readonly inboxUrl: string;
}

/** The inbox's default port is part of the written file. */
const INBOX = 'http://127.0.0.1:5001';

export const CHANNELS: Readonly<Record<Exclude<ReceiverChoice, 'none'>, Channel>> = {
  slack: {
    secret: 'SLACK_WEBHOOK_URL',
    what: 'URL of a Slack incoming webhook: https://hooks.slack.com/services/T…/B…/…',
    key: 'webhook_url',
    inboxUrl: `${INBOX}/slack/services/T00INBOX0/B00INBOX0/inbox0inbox0inbox0inbox0`,
  },
  webhook: {
    secret: 'WEBHOOK_URL',
    what: "URL that takes Alertmanager's webhook messages",
    key: 'url',
    inboxUrl: `${INBOX}/webhook`,
  },
};

export function channelOf(receiver: ReceiverChoice): Channel | undefined {
  return receiver === 'none' ? undefined : CHANNELS[receiver];
}

/** `versitygw`'s `secret_key` → `VERSITYGW_SECRET_KEY`. */
export function secretName(component: string, key: string): string {
  return `${component}_${key}`.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

/** In the order of the file. */
export function secretsOf(answers: Answers, plugins: readonly AnyComponentPlugin[]): readonly NamedSecret[] {
  const own = plugins.flatMap(({ name, schema }) =>
    keyTemplates(schema)
      .filter(({ isRequired, isSecret }) => isRequired && isSecret)
      .map(({ key, description }) => ({
        name: secretName(name, key),
        what: `${name}: ${description}`,
        isNeeded: true,
      })),
  );
  const channel = channelOf(answers.receiver);
  return [
    ...own,
    ...(channel ? [{ name: channel.secret, what: channel.what, isNeeded: answers.dotenv }] : []),
  ];
}
