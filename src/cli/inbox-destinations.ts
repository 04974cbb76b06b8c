import { join } from 'node:path';
import type { InboxDestination } from '../history/destinations.ts';
import { LeitstandError } from '../platform/errors.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The integrations of the stack that send to its own inbox. */
export function inboxDestinations({
  integrations,
  inbox,
}: Pick<Stack, 'integrations' | 'inbox'>): InboxDestination[] {
  return integrations.flatMap(({ receiver, type, index, recipient, destination }) => {
    const url = destination();
    if (!url || !LOOPBACK.has(url.hostname) || url.port !== String(inbox.port)) return [];
    const known = recipient === undefined ? { path: url.pathname + url.search } : { recipient };
    return [{ receiver, type, index, ...known }];
  });
}

/** Tells the inbox whose messages are whose. That it cannot be told is no reason to fail: they count as nobody's then. */
export async function noteInboxDestinations(
  context: Pick<CommandContext, 'output'>,
  stack: Stack,
): Promise<void> {
  const { openHistory } = await import('../history/history.ts');
  try {
    const history = openHistory(join(stack.stateDir, 'leitstand.db'));
    try {
      history.destinations.replace(inboxDestinations(stack));
    } finally {
      history.close();
    }
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    context.output.talk(`warning: ${error.message}`);
  }
}
