import {
  addressOf,
  type Fix,
  hostNameOf,
  hostOf,
  logOf,
  nameOf,
  previewOf,
  secretOf,
  settingOf,
  statusIn,
  thenApply,
} from './fix.ts';

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
    (target) =>
      `a text of this receiver has a mistake in Alertmanager's template language: ${target.attached ? 'correct it in its configuration' : `correct it in leitstand.yaml (${previewOf(target)} shows what comes out)${thenApply(target)}`}`,
  ],
  [
    /proxyconnect .*connection refused/i,
    (target) =>
      `no proxy listens where ${settingOf('proxy_url', target)} says: start it, or correct the address${thenApply(target)}`,
  ],
  [
    /proxyconnect|proxy authentication required|\b407\b/i,
    (target) =>
      `the proxy does not let it through: ask its operator to let this machine reach ${hostOf(target)} without a login, or name another one in ${settingOf('proxy_url', target)}${thenApply(target)}`,
  ],
  [
    /no such host|server misbehaving|temporary failure in name resolution|\blookup \S+(?: on \S+)?: /i,
    (target) =>
      `the name ${hostNameOf(target)} is not known on the machine of Alertmanager: look for a typing error in ${addressOf(target)}, then at the DNS there`,
  ],
  [
    /connection refused/i,
    (target) =>
      `nothing listens at ${hostOf(target)}: start it, or correct the address in ${addressOf(target)}${thenApply(target)}`,
  ],
  [
    /unable to (?:read|load|use)\b.*\bCA cert/i,
    (target) =>
      `the PEM file of an authority cannot be read: correct ${settingOf('ca_file', target)}${thenApply(target)}`,
  ],
  [
    /server gave HTTP response to HTTPS client/,
    (target) =>
      `${hostOf(target)} speaks no TLS: write http:// in place of https:// into ${addressOf(target)}${thenApply(target)}`,
  ],
  [
    /no such file/i,
    ({ attached }) =>
      attached
        ? 'the secret file is not where its configuration says: write it, readable by the user that Alertmanager runs as'
        : 'Alertmanager cannot find the secret file: `leitstand up` writes it anew',
  ],
  [
    /(?:open|read|lstat|stat) \S+: (?:permission denied|is a directory)/i,
    ({ attached }) =>
      attached
        ? 'let the user that Alertmanager runs as read the secret file'
        : 'Alertmanager cannot read the secret file: `leitstand up` writes it anew, readable by its user',
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
    /certificate is (?:not )?valid for|doesn't contain any IP SANs|cannot validate certificate for/i,
    (target) =>
      `the certificate at ${hostOf(target)} is for another name: write the name that it is for into ${addressOf(target)}${thenApply(target)}. If that is right already, something stands between`,
  ],
  [
    /x509|certificate|tls:/i,
    (target) =>
      `the certificate of ${hostOf(target)} is not trusted. If its authority is your own, name its PEM file in ${settingOf('ca_file', target)}${thenApply(target)}. If not, check the address, and what stands between`,
  ],
  [
    /unsupported protocol scheme|missing protocol|invalid (URL|character)|first path segment/i,
    (target) =>
      `that is no URL: put the whole one, with https://, into ${addressOf(target)}${thenApply(target)}`,
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
    statusIn('30[12378]'),
    (target) =>
      `it answers with a redirect, which Alertmanager does not follow for messages: put the final URL into ${secretOf(target)}${thenApply(target)}; a login page is a proxy's`,
  ],
  [
    statusIn('40[13]', 'authError'),
    (target) =>
      `${hostOf(target)} refuses the credentials: make new ones and put them into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    statusIn('404|410'),
    (target) =>
      `nothing takes messages at that URL of ${hostOf(target)}: copy the right one into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    statusIn('405'),
    (target) =>
      `that URL of ${hostOf(target)} takes no POST: copy the right one into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    statusIn('413'),
    (target) => `the message is too large for ${hostOf(target)}: set \`max_alerts\` of ${nameOf(target)}`,
  ],
  [
    statusIn('400|415|422'),
    (target) =>
      target.type === 'webhook'
        ? `${hostOf(target)} does not understand the message: it has to take Alertmanager's webhook, version 4; its own log says what it misses`
        : `${hostOf(target)} refuses the message or a setting, in the words above: compare the settings of ${nameOf(target)}${thenApply(target)}`,
  ],
  [
    statusIn('429', 'rateLimited'),
    (target) => `${hostOf(target)} limits the rate: wait a minute and test again; group alerts more`,
  ],
  [
    statusIn('5\\d\\d', 'serverError'),
    (target) =>
      `${hostOf(target)} has a problem of its own: Alertmanager tries again by itself; look into its log, or ask its operator`,
  ],
  [
    /<html|<!doctype|html page/i,
    (target) => `a web page answered in place of ${hostOf(target)}: a proxy or its login page stands between`,
  ],
];

export const LAST_FIX: Fix[1] = (target) => `check ${secretOf(target)}; more is in ${logOf(target)}`;
