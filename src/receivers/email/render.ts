import type { IntegrationTarget, RenderedIntegration, SandboxAddress } from '../../stack/receiver.ts';
import type { Language } from '../../stack/language.ts';
import type { Secret } from '../../stack/secret.ts';
import { isAtLeast, type Version } from '../../stack/version.ts';
import { textsIn } from '../own-texts.ts';
import { demandLanguage, demandVersion } from '../versions.ts';
import { emailTemplates, TEMPLATE_NAMES } from './templates.ts';
import { type MailServer, serverName } from './server.ts';

export interface RenderedMail {
  readonly server: MailServer;
  readonly from: string;
  readonly to: string;
  readonly hello: string | undefined;
  readonly sendsResolved: boolean;
  readonly language: Language;
  /** In place of the templates of Leitstand. */
  readonly own: {
    readonly subject?: string | undefined;
    readonly html?: string | undefined;
    readonly text?: string | undefined;
  };
  readonly headers: Readonly<Record<string, string>>;
  /** Name of the password's file. */
  readonly secretName: string;
  /** What stands in Alertmanager's file although it is kept secret here. */
  readonly inlineSecrets: readonly Secret[];
}

/** alertmanager#4623 */
const THREADING_SINCE = '0.30';
/** alertmanager#4757 */
const IMPLICIT_TLS_SINCE = '0.31';
/** On this port every version speaks TLS from the first byte on, on others only when told to. */
const IMPLICIT_TLS_PORT = 465;

/** Throws LS-RECEIVER-003 when the version cannot speak TLS as the server wants it. */
export function renderEmail(mail: RenderedMail, target: IntegrationTarget): RenderedIntegration {
  const { alertmanager, secretPath, sandbox } = target;
  const login = sandbox === undefined ? mail.server.login : undefined;
  const own = textsIn([mail.own, mail.headers]).map(({ text }) => text);
  demandLanguage(alertmanager, own, mail.server.whose);
  return {
    key: 'email_configs',
    config: {
      to: mail.to,
      from: mail.from,
      ...(sandbox === undefined ? access(mail, alertmanager) : sandboxAccess(sandbox)),
      ...(login === undefined
        ? {}
        : {
            // Alertmanager reads no user name from a file.
            auth_username: login.username.reveal(),
            // Read at every send, so that a changed password needs no reload; known since 0.25.
            auth_password_file: secretPath(mail.secretName),
          }),
      send_resolved: mail.sendsResolved,
      ...contents(mail, alertmanager),
    },
    secrets: login === undefined ? [] : [{ name: mail.secretName, value: login.password }],
    inlineSecrets: login === undefined ? [] : mail.inlineSecrets,
    templates: [emailTemplates(mail.language)],
  };
}

function access({ server, hello }: RenderedMail, alertmanager: Version): Record<string, unknown> {
  return {
    smarthost: serverName(server),
    ...(hello === undefined ? {} : { hello }),
    ...(server.tls === 'starttls' ? {} : { require_tls: false }),
    ...implicitTls(server, alertmanager),
    ...(server.caFile === undefined ? {} : { tls_config: { ca_file: server.caFile } }),
  };
}

/** Up to 0.30 `require_tls` would ask for STARTTLS within TLS, which no server offers: it is off here. */
function implicitTls(server: MailServer, alertmanager: Version): Record<string, unknown> {
  if (server.tls !== 'implicit' || server.port === IMPLICIT_TLS_PORT) return {};
  demandVersion(alertmanager, IMPLICIT_TLS_SINCE, {
    setting: `tls: implicit, on port ${server.port}`,
    whose: server.whose,
    instead: `take port ${IMPLICIT_TLS_PORT}, where every version does so, or a port with STARTTLS (587)`,
  });
  return { force_implicit_tls: true };
}

function sandboxAccess({ hostPort, caFile }: SandboxAddress): Record<string, unknown> {
  return { smarthost: hostPort, tls_config: { ca_file: caFile } };
}

function contents({ own, headers }: RenderedMail, alertmanager: Version): Record<string, unknown> {
  const isThreaded = isAtLeast(alertmanager, THREADING_SINCE);
  return {
    headers: {
      Subject: own.subject ?? include(TEMPLATE_NAMES.subject),
      // Nobody's "I am on holiday" answers an alert (RFC 3834).
      'Auto-Submitted': 'auto-generated',
      // For filters; and by these a test knows its mail, whatever the texts have become.
      'X-Leitstand-Alert': include(TEMPLATE_NAMES.alert),
      'X-Leitstand-Status': '{{ .Status }}',
      ...(isThreaded ? {} : { References: include(TEMPLATE_NAMES.thread) }),
      ...headers,
    },
    html: own.html ?? include(TEMPLATE_NAMES.html),
    text: own.text ?? include(TEMPLATE_NAMES.text),
    ...(isThreaded ? { threading: { enabled: true, thread_by_date: 'daily' } } : {}),
  };
}

function include(name: string): string {
  return `{{ template "${name}" . }}`;
}
