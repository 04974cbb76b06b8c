import type { Target } from './target.ts';

/** Shorter parts (`/hook`, `v1`) are words that any text may hold rather than keys. */
const SECRET_PART_LENGTH = 8;

/**
 * The reason without the destination's path, query and credentials, which are secrets: a destination may quote them in
 * its answer (`Cannot POST /hook/key`), and Alertmanager logs the answer.
 */
export function withoutSecrets(reason: string, integration: Target): string {
  const destination = integration.destination();
  if (!destination) return reason;
  const { pathname, search, username, password, searchParams } = destination;
  const parts = [...pathname.split('/'), ...searchParams.values(), username, password];
  return [pathname + search, pathname, search, ...parts]
    .filter((part) => part.length >= SECRET_PART_LENGTH)
    .sort((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, '…'), reason);
}
