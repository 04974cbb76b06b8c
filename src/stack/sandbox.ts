/** A provider's stand-in, hosted by the inbox. */
export type SandboxEndpoint = HttpSandbox | MailSandbox;

interface SandboxCommon {
  /** Alertmanager's type of the integration. */
  readonly type: string;
  /** What it takes, for people: `/slack/services/T000/B000/anything`, `SMTP on the same port`. */
  readonly example: string;
  /** Bytes the provider accepts. */
  readonly maxBodyBytes: number;
}

export interface HttpSandbox extends SandboxCommon {
  readonly protocol: 'http';
  /** First path segments it owns: `slack` takes `/slack` and everything below, `` (empty) takes `/` alone. */
  readonly mounts: readonly string[];
  receive(request: SandboxRequest): SandboxReply;
  /** `SandboxMessage.recipient` of a message that is not taken; undefined where nothing tells it. Absent: the path does. */
  recipientOf?(request: SandboxRequest): string | undefined;
  /** The provider's own answer of this status (400 to 599), where it has one: for an inbox that misbehaves. */
  refusal?(status: number, retryAfter?: number): Pick<SandboxReply, 'headers' | 'body'> | undefined;
  /** The body as it is kept and shown, without the sender's credentials; absent: it holds none. */
  concealed?(body: string): string;
}

export interface MailSandbox extends SandboxCommon {
  readonly protocol: 'smtp';
  /** `250 OK` and its like: RFC 5321. */
  receive(mail: SandboxMail): Promise<SandboxReply>;
  /** `SandboxMessage.recipient` of a mail that is not taken, by the addresses of its envelope. */
  recipientOf?(to: readonly string[]): string;
}

/** A request to the inbox, read whole; bodies over the endpoint's limit never get this far. */
export interface SandboxRequest {
  readonly method: string;
  /** Path and query below the inbox's root: `/slack/services/T0/B0/x`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A message as SMTP brought it, read whole. */
export interface SandboxMail {
  /** Of the envelope, without `<` and `>`. */
  readonly from: string;
  readonly to: readonly string[];
  readonly isEncrypted: boolean;
  /** Who logged in; the password is never handed on. */
  readonly user?: string;
  /** RFC 5322, with CRLF. */
  readonly source: Buffer;
}

/** What the provider would answer, and what we learnt from the message. */
export interface SandboxReply {
  /** Of HTTP or SMTP. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** For SMTP: the text of the reply line. */
  readonly body: string;
  /** True exactly when the provider would take the message. */
  readonly accepted: boolean;
  /** Why not, in the provider's words; empty when accepted. */
  readonly problems: readonly string[];
  readonly message?: SandboxMessage;
  /** Answered and not kept: nobody will look for it. */
  readonly forget?: true;
}

/** The message in words that fit every provider. */
export interface SandboxMessage {
  readonly title: string;
  /** Decoded text: the mark of a test is found in it or in the body. */
  readonly text: string;
  readonly status: MessageStatus;
  /** By what it is told for whom it is where many share a path, as in `Integration.recipient`; no secret. */
  readonly recipient?: string;
}

export type MessageStatus = 'firing' | 'resolved' | 'unknown';

/** A message as the inbox keeps it. */
export interface InboxMessage {
  readonly id: number;
  /** UTC, ISO 8601 with milliseconds: when the request had arrived whole. */
  readonly receivedAt: string;
  readonly type: string;
  /** Of HTTP; `smtp` for mail. */
  readonly path: string;
  /** Empty where the path tells enough. */
  readonly recipient: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** 0: it got no answer. */
  readonly replyStatus: number;
  readonly accepted: boolean;
  readonly problems: readonly string[];
  readonly title: string;
  readonly text: string;
  readonly status: MessageStatus;
}

/** How the inbox fails on request, to see what the stack does then. */
export type Fault =
  | {
      readonly kind: 'status';
      /** 400 to 599 of HTTP or SMTP; for mail 535 is the answer to AUTH, 451 the one of greylisting. */
      readonly status: number;
      /** Seconds, for `Retry-After`. */
      readonly retryAfter?: number;
    }
  /** No answer at all; the connection stays open. */
  | { readonly kind: 'hang' }
  /** The right answer, late. Milliseconds. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The connection is cut without an answer. */
  | { readonly kind: 'drop' }
  /** 200 with an HTML page, as the login page of a proxy. */
  | { readonly kind: 'html' }
  /** TLS with a certificate that nobody signed. */
  | { readonly kind: 'bad-certificate' }
  /** SMTP without STARTTLS. */
  | { readonly kind: 'no-starttls' };

export interface NewMisbehaviour {
  /** Type of the endpoint, or `*` for all. */
  readonly type: string;
  readonly fault: Fault;
  /** For so many requests; undefined: however many. */
  readonly times?: number | undefined;
  /** UTC, ISO 8601; undefined: until it is cleared. */
  readonly until?: string | undefined;
}

export interface Misbehaviour extends NewMisbehaviour {
  readonly id: number;
  /** Left of `times`. */
  readonly left?: number | undefined;
}
