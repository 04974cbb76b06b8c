import { type Fix, hostOf, logOf, nameOf, secretOf, thenApply } from './fix.ts';

/** What keeps any integration from being reached, before it could answer. */
export const WAY_FIXES: readonly Fix[] = [
  // The counters' words for a reason stand for many: notify/util.go, `Reason`.
  [
    /\bclientError\b/,
    (target) =>
      `${hostOf(target)} refuses it: a key that is wrong or revoked, a URL that leads nowhere, or a message that it does not take; which of them is in ${logOf(target)}`,
  ],
  [
    /it calls (context\w+|other)/,
    (target) =>
      `look into ${logOf(target)}: a secret file that cannot be read, a name or port that is wrong, or no answer in time`,
  ],
  [
    /\$\{|%7B[A-Z_]+%7D/,
    (target) =>
      `a variable stands there that nobody replaced: Alertmanager puts nothing in its place. Write the value into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    /template:|execute .* template|execute template|can't evaluate field|function "[^"]*" not defined|nil pointer evaluating/i,
    ({ receiver, attached }) =>
      `a text of this receiver has a mistake in Alertmanager's template language: ${attached ? 'correct it in its configuration' : `leitstand alert preview ${receiver} shows what comes out`}`,
  ],
  [
    /proxyconnect|\b407\b/i,
    (target) =>
      `the proxy on the way does not let it through: check \`proxy_url\` of ${nameOf(target)}, and whether the proxy wants a login`,
  ],
  [
    /connection refused/i,
    (target) =>
      `nothing listens at ${hostOf(target)}: start it, or correct the address in ${secretOf(target)}. If it is the inbox: leitstand status`,
  ],
  [
    /no such file/i,
    ({ attached }) =>
      attached
        ? 'the secret file is not where its configuration says: write it, readable by the user that Alertmanager runs as'
        : 'Alertmanager cannot find the secret file: `leitstand up` writes it anew',
  ],
  [
    /permission denied/i,
    ({ attached }) =>
      attached
        ? 'let the user that Alertmanager runs as read the secret file'
        : 'Alertmanager may not read the secret file: `leitstand up` writes it anew',
  ],
  [
    /no such host|server misbehaving|temporary failure in name resolution/i,
    (target) =>
      `the name in ${hostOf(target)} is not known here: check it for a typing error, then DNS on the machine of Alertmanager`,
  ],
  [
    /no route to host|network is unreachable/i,
    (target) =>
      `the machine of Alertmanager has no way to ${hostOf(target)}: look at its network, firewall and proxy`,
  ],
  [
    /certificate has expired|not yet valid/i,
    (target) =>
      `the certificate of ${hostOf(target)} is not valid today: check the clock here, then ask its operator to renew it`,
  ],
  [
    /x509|certificate|tls:/i,
    (target) =>
      `the certificate of ${hostOf(target)} is not trusted: if its authority is your own, name its PEM file in \`ca_file\` of ${nameOf(target)}; else check the address, and what stands between`,
  ],
  [
    /unsupported protocol scheme|missing protocol|invalid (URL|character)|first path segment/i,
    (target) =>
      `that is no URL: put the whole one, with https://, into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    /\bEOF\b|connection reset|broken pipe|is cut/i,
    (target) =>
      `${hostOf(target)} cuts the connection without an answer: look into its own log, and at what stands between`,
  ],
  [
    /timeout|deadline exceeded|context canceled|did not answer|no answer/i,
    (target) =>
      `${hostOf(target)} does not answer in time: try it from the machine of Alertmanager, look at the firewall and the proxy on the way, and give it more time (--timeout 60s)`,
  ],
];

/** What a server said, where nothing more is known of it. */
export const ANSWER_FIXES: readonly Fix[] = [
  [
    /\b30[12378]\b/,
    (target) =>
      `it answers with a redirect, which Alertmanager does not follow for messages: put the final URL into ${secretOf(target)}${thenApply(target)}; a login page is a proxy's`,
  ],
  [
    /\b40[13]\b|authError/,
    (target) =>
      `${hostOf(target)} refuses the credentials: make new ones and put them into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    /\b(404|410)\b/,
    (target) =>
      `nothing takes messages at that URL of ${hostOf(target)}: copy the right one into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    /\b405\b/,
    (target) =>
      `that URL of ${hostOf(target)} takes no POST: copy the right one into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    /\b413\b/,
    (target) => `the message is too large for ${hostOf(target)}: set \`max_alerts\` of ${nameOf(target)}`,
  ],
  [
    /\b(400|415|422)\b/,
    (target) =>
      `${hostOf(target)} does not understand the message: it has to take Alertmanager's webhook, version 4; its own log says what it misses`,
  ],
  [
    /\b429\b|rateLimited/,
    (target) => `${hostOf(target)} limits the rate: wait a minute and test again; group alerts more`,
  ],
  [
    /\b5\d\d\b|serverError/,
    (target) =>
      `${hostOf(target)} has a problem of its own: Alertmanager tries again by itself; look into its log, or ask its operator`,
  ],
  [
    /<html|<!doctype|html page/i,
    (target) => `a web page answered in place of ${hostOf(target)}: a proxy or its login page stands between`,
  ],
];

export const LAST_FIX: Fix[1] = (target) => `check ${secretOf(target)}; more is in ${logOf(target)}`;
