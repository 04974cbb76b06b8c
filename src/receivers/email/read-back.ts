import type { FetchMessageObject, ImapFlow, MailboxObject } from 'imapflow';
import { LeitstandError } from '../../platform/errors.ts';
import type { ReadBack, ReadBackFinding, ReadBackSearch } from '../../stack/receiver.ts';
import { receiverErrors } from '../errors.ts';
import { readHead, valuesOf } from './fields.ts';
import { mailboxError, noSuchFolder } from './read-errors.ts';
import { tooSlow } from './reasons.ts';
import { type MailServer, serverName, tlsOptions } from './server.ts';

const TIMEOUT_MS = 10_000;
/** For the whole session: a server that says a word now and then is never silent for as long as TIMEOUT_MS. */
const LONGEST_SESSION_MS = 30_000;
/** The newest are looked at: a test is young. */
const LOOKED_AT = 200;
const DAY_MS = 86_400_000;
/** What Leitstand writes into every mail, so that no server has to search in texts. */
const MARK = 'x-leitstand-alert';

interface Mailbox {
  readonly server: MailServer;
  readonly folder: string;
  /** Address from which the mails come. */
  readonly sender: string;
  readonly longestMs?: number;
}

/** Looks into the mailbox as somebody who reads there would; nothing in it is changed, not even what is unread. */
export function readBackFrom(mailbox: Mailbox): ReadBack {
  return {
    from: `the folder ${mailbox.folder} of the mailbox on ${mailbox.server.host}`,
    find: (search) => find(mailbox, search),
  };
}

async function find(mailbox: Mailbox, search: ReadBackSearch): Promise<ReadBackFinding | undefined> {
  const { signal } = search;
  const { longestMs = LONGEST_SESSION_MS } = mailbox;
  signal?.throwIfAborted();
  const client = await makeClient(mailbox.server);
  // What happens to the connection afterwards is of no interest.
  client.on('error', () => undefined);
  const limit = AbortSignal.timeout(longestMs);
  const ends = signal ? AbortSignal.any([signal, limit]) : limit;
  const stop = () => client.close();
  ends.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
    await open(client, mailbox);
    const found = await newestWith(client, mailbox, search);
    if (found) return finding(found, mailbox.folder);
    await refuseSpam(client, mailbox, search);
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof LeitstandError) throw error;
    throw mailboxError(limit.aborted ? tooSlow(longestMs) : error, mailbox.server);
  } finally {
    ends.removeEventListener('abort', stop);
    client.close();
  }
}

async function makeClient(server: MailServer): Promise<ImapFlow> {
  const { ImapFlow: Client } = await import('imapflow');
  const { host, port, tls, login } = server;
  return new Client({
    host,
    port,
    secure: tls === 'implicit',
    ...(tls === 'implicit' ? {} : { doSTARTTLS: tls === 'starttls' }),
    tls: await tlsOptions(server),
    auth: { user: login?.username.reveal() ?? '', pass: login?.password.reveal() ?? '' },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  });
}

async function open(client: ImapFlow, { server, folder }: Mailbox): Promise<MailboxObject> {
  try {
    return await client.mailboxOpen(folder, { readOnly: true });
  } catch (error) {
    if (!client.usable) throw error;
    throw noSuchFolder(
      server,
      folder,
      (await client.list()).map(({ path }) => path),
    );
  }
}

async function newestWith(
  client: ImapFlow,
  { sender }: Mailbox,
  { nonce, since }: ReadBackSearch,
): Promise<FetchMessageObject | undefined> {
  const { decodeWords } = await import('postal-mime');
  // Days of the server's own calendar.
  const day = new Date(since.getTime() - DAY_MS);
  const all = (await client.search({ since: day }, { uid: true })) || [];
  const newest = all.slice(-LOOKED_AT);
  if (newest.length === 0) return undefined;
  const query = { uid: true, envelope: true, internalDate: true, headers: [MARK] };
  const messages = await client.fetchAll(newest, query, { uid: true });
  return messages.findLast(
    ({ envelope, headers }) =>
      marksOf(headers).some((mark) => decodeWords(mark).includes(nonce)) ||
      // Without its mark, which a gateway took out. Of others: "Undeliverable: [TEST] …" is no sign that it arrived.
      (isFrom(envelope, sender) && envelope?.subject?.includes(nonce) === true),
  );
}

function marksOf(headers: Buffer | undefined): readonly string[] {
  return valuesOf(readHead(headers?.toString('latin1') ?? ''), MARK);
}

function isFrom(envelope: FetchMessageObject['envelope'], sender: string): boolean {
  return (envelope?.from ?? []).some(({ address }) => address?.toLowerCase() === sender.toLowerCase());
}

function finding({ envelope, internalDate }: FetchMessageObject, folder: string): ReadBackFinding {
  const at = internalDate === undefined ? undefined : new Date(internalDate);
  return {
    evidence: `message ${envelope?.messageId ?? '(without an id)'} in ${folder}`,
    ...(at === undefined || Number.isNaN(at.getTime()) ? {} : { at }),
  };
}

/** A mail among the spam reaches nobody. */
async function refuseSpam(client: ImapFlow, mailbox: Mailbox, search: ReadBackSearch): Promise<void> {
  const { server, folder } = mailbox;
  const junk = (await client.list()).find(
    ({ specialUse, path }) => specialUse === '\\Junk' && path !== folder,
  );
  if (!junk) return;
  await client.mailboxOpen(junk.path, { readOnly: true });
  const found = await newestWith(client, mailbox, search);
  if (!found) return;
  throw receiverErrors.error('LS-RECEIVER-034', {
    what: `${server.whose}: the mail is among the spam of ${serverName(server)}`,
    why: `${finding(found, junk.path).evidence}, not in ${folder}`,
    fix: 'mark it there as no spam, and see that SPF and DKIM let the mail server send for the domain of `from`',
  });
}
