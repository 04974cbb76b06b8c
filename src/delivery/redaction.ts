import type { Target } from './target.ts';

/** Shorter parts (`/hook`, `v1`) are words that any text may hold rather than keys. */
const SECRET_PART_LENGTH = 8;

/**
 * The reason without the integration's secrets and its destination's path, query and credentials: a destination may
 * quote them in its answer (`Cannot POST /hook/key`), and Alertmanager logs the answer.
 */
export function withoutSecrets(reason: string, integration: Target): string {
  const secrets = integration.secrets().map((secret) => secret.reveal());
  return [...urlParts(integration.destination()), ...secrets.filter((secret) => secret !== '')]
    .sort((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, '…'), reason);
}

function urlParts(destination: URL | undefined): string[] {
  if (!destination) return [];
  const { pathname, search, username, password, searchParams } = destination;
  const parts = [...pathname.split('/'), ...searchParams.values(), username, password];
  return [pathname + search, pathname, search, ...parts].filter((part) => part.length >= SECRET_PART_LENGTH);
}
