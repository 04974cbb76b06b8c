import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { Certificate } from '../../fixtures/certificate.ts';

export interface StoredMail {
  /** RFC 5322, with CRLF. */
  readonly source: string;
  readonly at: Date;
}

export interface ImapOptions {
  readonly certificate: Certificate;
  /** TLS from the first byte on; else STARTTLS is offered. */
  readonly implicit?: boolean;
  readonly offersStartTls?: boolean;
  readonly user: string;
  readonly password: string;
  /** Folder → mails, oldest first; `Junk` is marked as the folder for spam. */
  readonly folders: Readonly<Record<string, readonly StoredMail[]>>;
}

export interface ImapServer {
  readonly port: number;
  /** Commands as they came, without what a login says. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

/** As much of an IMAP server (RFC 3501, RFC 6154) as somebody needs who looks for a mail. Changes nothing. */
export async function startImapServer(options: ImapOptions): Promise<ImapServer> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
    new Session(options, commands, sockets).begin(socket);
  };
  const server =
    options.implicit === true ? createTlsServer(options.certificate, accept) : createServer(accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const LITERAL = /\{(\d+)\}\r\n$/;

class Session {
  readonly #options: ImapOptions;
  readonly #commands: string[];
  readonly #sockets: Set<Socket>;
  #socket: Socket | undefined;
  #isEncrypted = false;
  #isIn = false;
  #folder: readonly StoredMail[] | undefined;
  #pending = '';

  constructor(options: ImapOptions, commands: string[], sockets: Set<Socket>) {
    this.#options = options;
    this.#commands = commands;
    this.#sockets = sockets;
  }

  begin(socket: Socket): void {
    this.#isEncrypted = socket instanceof TLSSocket;
    this.#listen(socket);
    this.#say(`* OK [CAPABILITY ${this.#capabilities()}] test server ready`);
  }

  #listen(socket: Socket): void {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#read(bytes.toString('latin1')));
  }

  #read(text: string): void {
    this.#pending += text;
    for (;;) {
      const end = this.#pending.indexOf('\r\n');
      if (end === -1) return;
      const line = this.#pending.slice(0, end + 2);
      const [, length] = LITERAL.exec(line) ?? [];
      if (length === undefined) {
        this.#pending = this.#pending.slice(end + 2);
        this.#answer(line.trimEnd());
        continue;
      }
      const rest = this.#pending.slice(end + 2);
      if (rest.length < Number(length)) {
        if (rest === '') this.#say('+ go on');
        return;
      }
      const literal = JSON.stringify(rest.slice(0, Number(length)));
      this.#pending = line.replace(LITERAL, literal) + rest.slice(Number(length));
    }
  }

  #answer(line: string): void {
    const [, tag = '', word = '', rest = ''] = /^(\S+) (\S+)(?: (.*))?$/.exec(line) ?? [];
    const command = word.toUpperCase();
    this.#commands.push(command === 'LOGIN' ? command : `${command} ${rest}`.trim());
    const done = (text = 'OK done') => this.#say(`${tag} ${text}`);
    switch (command) {
      case 'CAPABILITY':
        this.#say(`* CAPABILITY ${this.#capabilities()}`);
        return done();
      case 'STARTTLS':
        done();
        return this.#encrypt();
      case 'LOGIN':
        return this.#logIn(rest, done);
      case 'LOGOUT':
        this.#say('* BYE');
        return done();
      case 'NOOP':
        return done();
    }
    if (!this.#isIn) return done('BAD log in first');
    switch (command) {
      case 'LIST':
        return this.#list(rest, done);
      case 'EXAMINE':
        return this.#examine(unquoted(rest), done);
      case 'UID':
        return this.#uid(rest, done);
      default:
        return done('BAD not known here');
    }
  }

  #list(rest: string, done: (text?: string) => void): void {
    // RFC 3501, 6.3.8: an empty name asks for the delimiter alone.
    const names = rest.endsWith('""') ? [] : Object.keys(this.#options.folders);
    if (names.length === 0) this.#say('* LIST (\\Noselect) "/" ""');
    for (const name of names)
      this.#say(`* LIST (\\HasNoChildren${name === 'Junk' ? ' \\Junk' : ''}) "/" "${name}"`);
    done();
  }

  #capabilities(): string {
    const tls = !this.#isEncrypted && this.#options.offersStartTls !== false ? ' STARTTLS' : '';
    return `IMAP4rev1 SPECIAL-USE${tls}`;
  }

  #encrypt(): void {
    const plain = this.#socket;
    if (!plain) return;
    plain.removeAllListeners('data');
    const { key, cert } = this.#options.certificate;
    const socket = new TLSSocket(plain, { isServer: true, key, cert });
    this.#sockets.add(socket.on('error', () => undefined));
    this.#isEncrypted = true;
    this.#listen(socket);
  }

  #logIn(rest: string, done: (text?: string) => void): void {
    const { user, password } = this.#options;
    const [name, secret] = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([word]) => unquoted(word));
    this.#isIn = name === user && secret === password;
    // Some servers repeat what they were given.
    done(this.#isIn ? 'OK in' : `NO [AUTHENTICATIONFAILED] no entry for ${secret ?? ''}`);
  }

  #examine(name: string, done: (text?: string) => void): void {
    this.#folder = this.#options.folders[name];
    if (!this.#folder) return done('NO [NONEXISTENT] no such folder');
    this.#say('* FLAGS (\\Seen)');
    this.#say(`* ${this.#folder.length} EXISTS`);
    this.#say('* OK [UIDVALIDITY 1] valid');
    this.#say(`* OK [UIDNEXT ${this.#folder.length + 1}] next`);
    done('OK [READ-ONLY] examined');
  }

  #uid(rest: string, done: (text?: string) => void): void {
    const mails = this.#folder ?? [];
    const [, since] = /^SEARCH .*SINCE "?(\d+-\w+-\d+)"?/i.exec(rest) ?? [];
    if (since !== undefined) {
      const first = Date.parse(`${since} UTC`);
      const found = mails.flatMap(({ at }, i) => (at.getTime() >= first ? [i + 1] : []));
      this.#say(`* SEARCH ${found.join(' ')}`.trimEnd());
      return done();
    }
    const [, set] = /^FETCH (\S+) /i.exec(rest) ?? [];
    if (set === undefined) return done('BAD not known here');
    for (const uid of uidsIn(set)) {
      const mail = mails[uid - 1];
      if (mail) this.#say(`* ${uid} FETCH (UID ${uid} ${fetched(mail)})`);
    }
    done();
  }

  #say(line: string): void {
    this.#socket?.write(`${line}\r\n`, 'latin1');
  }
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
}

/** `1:3,7` */
function uidsIn(set: string): readonly number[] {
  return set.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split(':').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function fetched({ source, at }: StoredMail): string {
  const [head = ''] = source.split('\r\n\r\n');
  const value = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(head)?.[1]?.trimEnd();
  const text = (name: string) => {
    const found = value(name);
    return found === undefined ? 'NIL' : JSON.stringify(found);
  };
  const mark = value('X-Leitstand-Alert');
  const fields = `${mark === undefined ? '' : `X-Leitstand-Alert: ${mark}\r\n`}\r\n`;
  const two = (number: number) => String(number).padStart(2, '0');
  const date = `${two(at.getUTCDate())}-${MONTHS[at.getUTCMonth()]}-${at.getUTCFullYear()} ${at.toISOString().slice(11, 19)} +0000`;
  const [, mailbox = '', host = ''] = /([^\s<@]+)@([^\s>]+)/.exec(text('From')) ?? [];
  const from = `((NIL NIL "${mailbox.replace('"', '')}" "${host.replace('"', '')}"))`;
  const envelope = `(${text('Date')} ${text('Subject')} ${from} NIL NIL NIL NIL NIL NIL ${text('Message-Id')})`;
  return `INTERNALDATE "${date}" ENVELOPE ${envelope} BODY[HEADER.FIELDS (X-LEITSTAND-ALERT)] {${fields.length}}\r\n${fields}`;
}
