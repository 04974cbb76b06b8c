import { hostOf, nameOf, type Target } from './target.ts';

/** What people can do about a reason, the most telling words first. */
const FIXES: readonly (readonly [pattern: RegExp, fix: (integration: Target) => string])[] = [
  [
    /connection refused/i,
    (integration) =>
      `nothing listens at ${hostOf(integration)}: start it, or correct the URL in the secret of ${nameOf(integration)}. If it is the inbox: leitstand status`,
  ],
  [
    /no such file|permission denied/i,
    ({ attached }) =>
      attached
        ? 'let the user Alertmanager runs as read the secret file'
        : 'Alertmanager cannot read the secret file: `leitstand up` writes it anew',
  ],
  [
    /no such host|server misbehaving/i,
    (integration) => `the name ${hostOf(integration)} is not known here: check the URL, then DNS`,
  ],
  [
    /x509|certificate|tls:/i,
    (integration) =>
      `the certificate of ${hostOf(integration)} is not trusted here: check the URL and the system's CA certificates`,
  ],
  [
    /timeout|deadline exceeded|context canceled/i,
    (integration) =>
      `${hostOf(integration)} does not answer in time: check the network and the proxy on the way`,
  ],
  [
    /channel_not_found|channel_is_archived|\b410\b/i,
    (integration) =>
      `the channel of ${nameOf(integration)} is gone: choose another, make a webhook for it and put its URL into the secret`,
  ],
  [
    /invalid_payload|no_text|attachments|\b400\b|\b413\b/i,
    (integration) =>
      `the message itself is refused: look at the texts of ${nameOf(integration)} in ${integration.attached ? "Alertmanager's configuration" : 'leitstand.yaml'}`,
  ],
  [
    /no_service|\b404\b/i,
    (integration) =>
      `the URL of ${nameOf(integration)} leads nowhere: make a new webhook and put its URL into the secret`,
  ],
  [
    /invalid_token|action_prohibited|\b401\b|\b403\b/i,
    (integration) => `the credentials in the secret of ${nameOf(integration)} are refused: make new ones`,
  ],
  [
    /\b429\b/,
    (integration) => `${hostOf(integration)} limits the rate: wait a minute, and group alerts more`,
  ],
  [
    /\b5\d\d\b/,
    (integration) => `${hostOf(integration)} has a problem of its own: try again, then ask its operator`,
  ],
];

export function fixFor(reason: string, integration: Target): string {
  const known = FIXES.find(([pattern]) => pattern.test(reason));
  return known
    ? known[1](integration)
    : `check the secret of ${nameOf(integration)}; more: ${integration.attached ? "Alertmanager's own log" : 'leitstand logs alertmanager'}`;
}
