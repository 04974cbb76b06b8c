import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type History, openHistory } from '../../src/history/history.ts';
import type { NewMessage } from '../../src/history/messages.ts';
import { type Inbox, type InboxOptions, startInbox } from '../../src/inbox/server.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { HttpSandbox, MailSandbox, SandboxMail } from '../../src/stack/sandbox.ts';
import { afterAll } from 'vitest';

const WEB_LIMIT = 10_000;
export const MAIL_LIMIT = 20_000;

export interface TestInbox {
  readonly inbox: Inbox;
  readonly history: History;
  /** What was kept, oldest first. */
  kept(): NewMessage[];
  readonly mails: SandboxMail[];
  readonly troubles: string[];
  readonly directory: string;
  readonly caFile: string;
  stop(): Promise<void>;
}

/** Takes everything at `/web`, and answers 400 with words of its own when told to misbehave so. */
export const web: HttpSandbox = {
  protocol: 'http',
  type: 'web',
  mounts: ['web'],
  example: '/web',
  maxBodyBytes: WEB_LIMIT,
  receive: () => ({ status: 200, body: 'taken', accepted: true, problems: [] }),
  refusal: (status) => (status === 429 ? { headers: { 'x-own': 'yes' }, body: '{"own":429}' } : undefined),
};

/** Of all inboxes of a test file: to make keys takes time. */
let certificates: string | undefined;
afterAll(() => rm(certificates ?? '/nonexistent', { recursive: true, force: true }));

/** An inbox with its real records in a directory of its own. */
export async function startTestInbox(options: Partial<InboxOptions> = {}): Promise<TestInbox> {
  certificates ??= await mkdtemp(join(tmpdir(), 'inbox-certificates-'));
  const directory = await mkdtemp(join(tmpdir(), 'inbox-'));
  const history = openHistory(join(directory, 'leitstand.db'));
  const mails: SandboxMail[] = [];
  const troubles: string[] = [];
  const inbox = await startInbox({
    port: 0,
    host: '127.0.0.1',
    endpoints: [web, mailSandbox(mails)],
    messages: history.messages,
    misbehaviours: history.misbehaviours,
    directory: certificates,
    clock: systemClock,
    onTrouble: (text) => troubles.push(text),
    ...options,
  });
  return {
    inbox,
    history,
    kept: () => history.messages.after(0, 10_000),
    mails,
    troubles,
    directory,
    caFile: join(certificates, 'ca.pem'),
    stop: async () => {
      await inbox.close();
      history.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Takes every mail but those with `refuse` in their source. */
function mailSandbox(mails: SandboxMail[]): MailSandbox {
  return {
    protocol: 'smtp',
    type: 'email',
    example: 'SMTP on the same port',
    maxBodyBytes: MAIL_LIMIT,
    receive: async (mail) => {
      mails.push(mail);
      const message = { title: 'a mail', text: '', status: 'firing', recipient: mail.to.join(', ') } as const;
      return mail.source.includes('refuse')
        ? { status: 554, body: '5.6.0 refused', accepted: false, problems: ['no'], message }
        : { status: 250, body: '2.0.0 taken', accepted: true, problems: [], message };
    },
  };
}

/** A client that reads what comes as text, and waits for what it wants to see. */
export interface Client {
  readonly socket: Socket;
  /** All that has come. */
  text(): string;
  send(text: string | Uint8Array): void;
  /** Resolves with what came since the last call, once it matches; rejects when the connection ends before. */
  until(pattern: RegExp): Promise<string>;
  readonly closed: Promise<void>;
}

const PATIENCE_MS = 20_000;

export async function dial(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return client(socket);
}

export async function dialTls(port: number, ca: string, below?: Socket): Promise<Client> {
  const place = below ? { socket: below } : { host: '127.0.0.1', port };
  const socket: TLSSocket = connectTls({ ...place, servername: 'localhost', ca });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return client(socket);
}

function client(socket: Socket): Client {
  let all = '';
  let seen = 0;
  let wake = () => undefined as void;
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => {
    all += chunk.toString('latin1');
    wake();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    socket,
    text: () => all,
    send: (text) => socket.write(text),
    closed,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const giveUp = setTimeout(
          () => reject(new Error(`no ${pattern} in ${all.slice(seen)}`)),
          PATIENCE_MS,
        );
        const end = () => {
          clearTimeout(giveUp);
          socket.off('close', look);
          wake = () => undefined;
        };
        const look = () => {
          const rest = all.slice(seen);
          const match = pattern.exec(rest);
          if (match) {
            seen += match.index + match[0].length;
            end();
            resolve(rest);
          } else if (socket.destroyed) {
            end();
            reject(new Error(`the connection ended before ${pattern}: ${rest}`));
          }
        };
        wake = look;
        socket.once('close', look);
        look();
      }),
  };
}

/** The last line of a reply with this code. */
export const reply = (code: number | string) => new RegExp(`^${code} .*\r\n`, 'm');

/** Greeted and introduced. */
export async function greeted(port: number): Promise<Client> {
  const one = await dial(port);
  await one.until(reply(220));
  return one;
}

/** Within TLS after STARTTLS, introduced again. */
export async function secured(port: number, ca: string): Promise<Client> {
  const plain = await greeted(port);
  plain.send('EHLO me\r\n');
  await plain.until(reply(250));
  plain.send('STARTTLS\r\n');
  await plain.until(reply(220));
  plain.socket.removeAllListeners('data');
  const inside = await dialTls(port, ca, plain.socket);
  inside.send('EHLO me\r\n');
  await inside.until(reply(250));
  return inside;
}
