import { join } from 'node:path';
import { CA_FILE } from '../../inbox/place.ts';
import { startInbox } from '../../inbox/server.ts';
import type { Clock } from '../../platform/clock.ts';
import type {
  AnyReceiverPlugin,
  Integration,
  IntegrationTarget,
  RenderedIntegration,
  SandboxAddress,
} from '../../stack/receiver.ts';
import type { InboxMessage } from '../../stack/sandbox.ts';

/** What stands in for one integration's provider: a port of its own, so that every message tells whose it is. */
export interface StandIn {
  readonly integration: Integration;
  readonly address: SandboxAddress;
  /** In memory only, in the order in which they came. */
  readonly messages: readonly Omit<InboxMessage, 'id'>[];
  close(): Promise<void>;
}

interface StandInOptions {
  readonly plugins: readonly AnyReceiverPlugin[];
  readonly clock: Clock;
  /** Where its certificate is, and `ca.pem`. */
  readonly directory: string;
}

export async function openStandIn(
  integration: Integration,
  { plugins, clock, directory }: StandInOptions,
): Promise<StandIn> {
  const messages: Omit<InboxMessage, 'id'>[] = [];
  const inbox = await startInbox({
    port: 0,
    host: '127.0.0.1',
    endpoints: plugins.flatMap(({ sandbox }) => sandbox ?? []),
    messages: { append: (message) => messages.push(message) },
    directory,
    clock,
  });
  return {
    integration,
    address: { hostPort: `127.0.0.1:${inbox.port}`, caFile: join(directory, CA_FILE) },
    messages,
    close: () => inbox.close(),
  };
}

/** Why nothing can stand in for its provider; undefined when its messages can be shown. */
export function objectionTo(integration: Integration, target: IntegrationTarget): string | undefined {
  const hostPort = '127.0.0.1:1';
  const rendered = integration.render({ ...target, sandbox: { hostPort, caFile: '/nowhere' } });
  const isRedirected = textsIn(rendered).some(({ text }) => text.includes(hostPort));
  return isRedirected && !holdsSecretOf(integration, rendered)
    ? undefined
    : 'its configuration is handed to Alertmanager as it is: nothing here stands in for its provider';
}

/** Shorter secrets may be part of any word. */
const TELLING_LENGTH = 8;
/** Who logs in to a mail server often is the sender, whom everybody may know. */
const ADDRESSES = /^\/config\/(?:from|to|headers\/)/;

/** Nothing of the provider's credentials may be in what is rendered for a stand-in. */
function holdsSecretOf(integration: Integration, rendered: RenderedIntegration): boolean {
  const texts = textsIn(rendered).filter(({ place }) => !ADDRESSES.test(place));
  return integration.secrets().some((secret) => {
    const value = secret.reveal();
    const isLong = value.length >= TELLING_LENGTH;
    return value !== '' && texts.some(({ text }) => (isLong ? text.includes(value) : text === value));
  });
}

interface PlacedText {
  readonly place: string;
  readonly text: string;
}

function textsIn({ config, secrets }: RenderedIntegration): PlacedText[] {
  const files = Object.fromEntries(secrets.map(({ name, value }) => [name, value.reveal()]));
  return textsBelow({ config, files }, '');
}

function textsBelow(value: unknown, place: string): PlacedText[] {
  if (typeof value !== 'object' || value === null) return [{ place, text: String(value) }];
  return Object.entries(value).flatMap(([key, below]) => textsBelow(below, `${place}/${key}`));
}
