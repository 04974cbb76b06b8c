import type { Objection } from '../../config/objections.ts';
import { isOwnMachine, parseHostPort } from '../../platform/host-port.ts';
import { type TlsMode, tlsMode } from './server.ts';
import { addressees, headerOf } from './addressees.ts';

export interface MailMistake extends Objection {
  /** Keys below the entry. */
  readonly path: readonly string[];
}

interface Access {
  readonly username?: unknown;
  readonly password?: unknown;
  readonly tls?: TlsMode | undefined;
  readonly ca_file?: string | undefined;
}

interface MailSettings extends Access {
  readonly to: string | readonly string[];
  readonly smarthost: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly read_back?: (Access & { readonly imap: string }) | undefined;
}

/** What no single field tells, and what Alertmanager would only find out with the first alert. */
export function mailMistakes(settings: MailSettings): readonly MailMistake[] {
  const { read_back: readBack } = settings;
  return [
    ...loginMistakes(settings),
    ...tlsMistakes(settings, { server: settings.smarthost, key: 'smarthost', tlsPort: 465 }),
    ...addresseeMistakes(settings.to),
    ...headerMistakes(settings.headers),
    ...(readBack
      ? tlsMistakes(readBack, { server: readBack.imap, key: 'imap', tlsPort: 993 }).map((mistake) => ({
          ...mistake,
          path: ['read_back', ...mistake.path],
        }))
      : []),
  ];
}

/** With half of it Alertmanager does not log in, or fails at every mail. */
function loginMistakes({ username, password }: Access): readonly MailMistake[] {
  if (username !== undefined && password === undefined)
    return [
      {
        path: ['username'],
        problem: 'is there without a `password`',
        fix: 'add `password: ${secret:SMTP_PASSWORD}`',
      },
    ];
  if (username === undefined && password !== undefined)
    return [
      {
        path: ['password'],
        problem: 'is there without a `username`, so that nobody would log in',
        fix: 'add `username: ${secret:SMTP_USERNAME}`',
      },
    ];
  return [];
}

function tlsMistakes(
  access: Access,
  { server, key, tlsPort }: { readonly server: string; readonly key: string; readonly tlsPort: number },
): readonly MailMistake[] {
  const place = parseHostPort(server);
  if (!place) return [];
  const mode = tlsMode(access.tls, place.port);
  if (place.port === tlsPort && mode !== 'implicit')
    return [
      {
        path: ['tls'],
        problem: `is \`${mode}\`; on port ${tlsPort} servers speak TLS from the first byte on`,
        fix: `delete the line, or take another port for \`${key}\``,
      },
    ];
  if (mode !== 'none') return [];
  if (access.ca_file !== undefined)
    return [{ path: ['ca_file'], problem: 'is of no use with `tls: none`', fix: 'delete one of the two' }];
  if (access.username === undefined || isOwnMachine(place)) return [];
  return [
    {
      path: ['tls'],
      problem: `is \`none\`: the password would go to ${server} in clear`,
      fix: 'take `starttls` or `implicit`; where the certificate is your own, name its authority with `ca_file`',
    },
  ];
}

/** RFC 5322, section 2.1.1, less `To: `. Alertmanager breaks no line. */
const MAX_HEADER = 998 - 4;

function addresseeMistakes(to: string | readonly string[]): readonly MailMistake[] {
  const { length } = headerOf(addressees(to));
  if (length <= MAX_HEADER) return [];
  return [
    {
      path: ['to'],
      problem: `makes a header line of ${length} characters; mail servers take ${MAX_HEADER}`,
      fix: 'write to the address of a mailing list, or spread them over several entries',
    },
  ];
}

const HEADER_NAME = /^[!-9;-~]+$/;
const OWN_KEYS: Readonly<Record<string, string>> = {
  subject: 'use the key `subject`',
  to: 'use the key `to`',
  from: 'use the key `from`',
  cc: 'Alertmanager delivers to `to` alone: add the address there',
  bcc: 'Alertmanager delivers to `to` alone, and shows this header to all: make another entry',
  date: 'Alertmanager writes it: delete the line',
  'message-id': 'Alertmanager writes it, another one for each mail: delete the line',
  'mime-version': 'Alertmanager writes it: delete the line',
  'content-type': 'Alertmanager writes it: delete the line',
  'content-transfer-encoding': 'Alertmanager writes it: delete the line',
  references: 'mails about one group of alerts are one thread already: delete the line',
  'in-reply-to': 'mails about one group of alerts are one thread already: delete the line',
};

function headerMistakes(headers: Readonly<Record<string, string>>): readonly MailMistake[] {
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([name, value]): MailMistake[] => {
    const path = ['headers', name];
    const lower = name.toLowerCase();
    const isSecond = seen.has(lower);
    seen.add(lower);
    if (!HEADER_NAME.test(name))
      return [{ path, problem: 'has a name that no header can have', fix: 'letters, digits and hyphens' }];
    const fix = OWN_KEYS[lower];
    if (fix !== undefined) return [{ path, problem: 'is a header that cannot be set here', fix }];
    if (lower.startsWith('x-leitstand-'))
      return [{ path, problem: 'is a header of Leitstand itself', fix: 'take another name' }];
    if (isSecond)
      return [{ path, problem: 'is there twice: case makes no difference', fix: 'delete one of them' }];
    return /\p{Cc}/u.test(value)
      ? [{ path, problem: 'has a line break or another control character', fix: 'write it in one line' }]
      : [];
  });
}
