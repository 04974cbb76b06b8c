import { type Fix, hostOf, secretOf, settingOf, thenApply } from './fix.ts';

/** After RFC 5321 and 3463, and Alertmanager's own words in notify/email/email.go. */
export const EMAIL_FIXES: readonly Fix[] = [
  [
    /takes that for success/,
    (target) =>
      `${hostOf(target)} refused the mail after its last line, which Alertmanager before 0.28 does not notice: such alerts are lost and counted as sent. Take 0.28 or newer (\`components.alertmanager.version\`), and ask the operator of the mail server why it refuses`,
  ],
  [
    /short response|HTTP\/1\.\d|html page/i,
    (target) =>
      `a web server answers at ${hostOf(target)} where a mail server should: correct ${settingOf('smarthost', target)}${thenApply(target)}`,
  ],
  [
    /does not advertise the STARTTLS/i,
    (target) =>
      `${hostOf(target)} offers no encryption on this port: take its port with STARTTLS (mostly 587) or with TLS from the start (465) in ${settingOf('smarthost', target)}; only for a server on this machine, \`tls: none\`${thenApply(target)}`,
  ],
  [
    /unencrypted connection/i,
    (target) =>
      `Alertmanager hands no password over in the clear: encrypt the connection with \`tls: starttls\` (port 587) or \`tls: implicit\` (port 465) of ${target.receiver}${thenApply(target)}`,
  ],
  [
    /missing (password|secret)/i,
    (target) => `the password is empty: put it into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    /application-specific|app password|5\.7\.9\b/i,
    (target) =>
      `this provider wants an app password: make one there and put it into ${secretOf(target)}${thenApply(target)}`,
  ],
  [
    /\b535\b|\b5\.7\.8\b|authentication (failed|unsuccessful|credentials)|\bauth: 5\d\d\b/i,
    (target) =>
      `${hostOf(target)} refuses the user name or the password: correct \`username\` and ${secretOf(target)}; many providers want an app password in place of that of the mailbox${thenApply(target)}`,
  ],
  [
    /unknown auth mechanism|unrecognized authentication|\b504\b|\b534\b/i,
    (target) =>
      `${hostOf(target)} offers no way of logging in that Alertmanager knows (PLAIN, LOGIN, CRAM-MD5): on many servers it does after STARTTLS only, so take port 587 and \`tls: starttls\``,
  ],
  [
    /\b530\b|authentication required|must issue a STARTTLS/i,
    (target) =>
      `${hostOf(target)} takes mail only from those who log in over an encrypted connection: add \`username\` and \`password\` to ${target.receiver}, with \`tls: starttls\`${thenApply(target)}`,
  ],
  [
    /send MAIL command|sender (address )?rejected|SendAsDenied|\b5\.7\.60\b|\b5\.1\.[78]\b/i,
    (target) =>
      `${hostOf(target)} refuses the sender: put an address into ${settingOf('from', target)} that this account may send as${thenApply(target)}`,
  ],
  [
    /relay(ing)? (access )?denied|unable to relay/i,
    (target) =>
      `${hostOf(target)} does not pass mail on to that recipient for us: log in (\`username\`, \`password\`), or take the mail server of the recipient's own organisation`,
  ],
  [
    /\b5\.7\.\d+\b|spam|\bpolicy\b|delivery failure: "?55[04]\b/i,
    (target) =>
      `${hostOf(target)} refuses the mail by a rule of its own (spam, sender, rights), which its words name: log in (\`username\`, \`password\`) if nobody does, put an address into ${settingOf('from', target)} that this account may send as, or ask its operator${thenApply(target)}`,
  ],
  [
    /\b55[0134]\b|send RCPT command: 5|user unknown|no such user|mailbox unavailable|recipient rejected|\b5\.1\.[0-3]\b/i,
    (target) =>
      `${hostOf(target)} refuses the recipient${target.place === undefined ? '' : ` ${target.place}`}: correct ${settingOf('to', target)}, or ask the operator of that mailbox${thenApply(target)}`,
  ],
  [
    /\b552\b|message size|too large/i,
    (target) =>
      `the mail is too large for ${hostOf(target)}: shorten \`html\` and \`text\` of ${target.receiver}`,
  ],
  [
    /greylist|\b45\d\b|\b421\b|\b4\.\d+\.\d+\b/i,
    (target) =>
      `${hostOf(target)} puts it off (greylisting, or it is busy): Alertmanager tries again by itself. Test again in 15 minutes; if it stays, ask its operator to let this sender through`,
  ],
  [
    /parse '(to|from)' addresses|exactly one 'from'/i,
    (target) =>
      `the addresses are not understood: correct ${settingOf('to', target)} and \`from\`${thenApply(target)}`,
  ],
  [
    /first record does not look like a TLS handshake/i,
    (target) =>
      `${hostOf(target)} does not begin with TLS: on ports 587 and 25 take \`tls: starttls\`, on 465 \`tls: implicit\``,
  ],
  [
    /\bEOF\b|connection reset|broken pipe/i,
    (target) =>
      `${hostOf(target)} cuts the connection: a port that begins with TLS (465) wants \`tls: implicit\`; else it may block this machine: ask its operator`,
  ],
];
