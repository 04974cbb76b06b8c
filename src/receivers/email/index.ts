import { type HostPort, isOwnMachine, parseHostPort } from '../../platform/host-port.ts';
import { defineReceiver, type Integration, type IntegrationPlace } from '../../stack/receiver.ts';
import { SecretReference } from '../../stack/secret.ts';
import { addressee, addressees, headerOf, recipientOf } from './addressees.ts';
import { mailCard } from './card.ts';
import { checkCredential, objectToCredential } from './credentials.ts';
import { directSender } from './direct.ts';
import { mailLimits } from './limits.ts';
import { readBackFrom } from './read-back.ts';
import { renderEmail } from './render.ts';
import { emailSandbox } from './sandbox.ts';
import { type EmailConfig, emailSchema } from './schema.ts';
import { type MailLogin, type MailServer, serverName, tlsMode } from './server.ts';
import { emailSetup } from './setup.ts';

export const email = defineReceiver({
  type: 'email',
  summary: 'E-mail, through any mail server.',
  schema: emailSchema,
  integration: emailIntegration,
  sandbox: emailSandbox,
  limits: mailLimits,
  card: mailCard,
  objectToSecret: (_key, value) => objectToCredential(value),
  setup: emailSetup,
});

function emailIntegration(config: EmailConfig, place: IntegrationPlace): Integration {
  const { receiver, index, language } = place;
  const whose = `receiver ${receiver}, email[${index}]`;
  const server = mailServer(config, place, whose);
  const { login } = server;
  const to = addressees(config.to);
  const from = addressee(config.from);
  const addresses = to.map(({ address }) => address);
  const [fromHeader, toHeader] = [headerOf([from]), headerOf(to)];
  const hidden =
    login && isHidden(config.username, login, `${fromHeader}, ${toHeader}`) ? [login.username] : [];
  const mail = {
    server,
    from: fromHeader,
    to: toHeader,
    hello: config.hello,
    sendsResolved: config.send_resolved,
    language,
    own: { subject: config.subject, html: config.html, text: config.text },
    headers: config.headers,
    secretName: `${receiver}-email-${index}`,
    inlineSecrets: hidden,
  };
  const mailbox = config.read_back && mailboxOf(config.read_back, place, whose);
  const destination = new URL(`${server.tls === 'implicit' ? 'smtps' : 'smtp'}://${serverName(server)}`);
  return {
    receiver,
    type: 'email',
    index,
    sendsResolved: config.send_resolved,
    place: addresses.join(', '),
    destination: () => destination,
    caFile: server.caFile,
    recipient: recipientOf(addresses),
    secrets: () => [
      ...(login ? [login.password, ...hidden] : []),
      ...(mailbox?.server.login ? [mailbox.server.login.password] : []),
    ],
    identity: () => ({
      server: destination.href,
      from: from.address,
      to: recipientOf(addresses),
      login: login ? [login.username.reveal(), login.password.reveal()] : null,
    }),
    render: (target) => renderEmail(mail, target),
    ...(mailbox ? { readBack: readBackFrom({ ...mailbox, sender: from.address }) } : {}),
    direct: directSender({ server, hello: config.hello, from, to }),
  };
}

/** A name that stands in leitstand.yaml, or in the mails themselves, is no secret. */
function isHidden(written: EmailConfig['username'], { username }: MailLogin, addresses: string): boolean {
  return written instanceof SecretReference && !addresses.includes(username.reveal());
}

function mailServer(config: EmailConfig, place: IntegrationPlace, whose: string): MailServer {
  const at = hostPortOf(config.smarthost);
  const tls = tlsMode(config.tls, at.port);
  return {
    ...at,
    tls,
    caFile: config.ca_file ?? (tls !== 'none' && isInbox(at, place) ? place.inbox.caFile : undefined),
    login: loginOf(config, place, whose),
    whose,
  };
}

function isInbox(at: HostPort, { inbox }: IntegrationPlace): boolean {
  return isOwnMachine(at) && at.port === parseHostPort(inbox.hostPort)?.port;
}

function mailboxOf(config: NonNullable<EmailConfig['read_back']>, place: IntegrationPlace, whose: string) {
  const at = hostPortOf(config.imap);
  const server = {
    ...at,
    tls: tlsMode(config.tls, at.port),
    caFile: config.ca_file,
    login: loginOf(config, place, `${whose}, read_back`),
    whose,
  };
  return { server, folder: config.mailbox };
}

type Login = Pick<EmailConfig, 'username' | 'password'>;

function loginOf(
  { username, password }: Login,
  { resolve }: IntegrationPlace,
  whose: string,
): MailLogin | undefined {
  return username === undefined || password === undefined
    ? undefined
    : {
        username: checkCredential(resolve(username), whose),
        password: checkCredential(resolve(password), whose),
      };
}

/** Of text that has passed the schema. */
function hostPortOf(text: string): HostPort {
  const place = parseHostPort(text);
  if (!place) throw new TypeError(`not a host:port that passed the schema: ${text}`);
  return place;
}
