/** A request to the inbox, read whole; bodies over the endpoint's limit never get this far. */
export interface SandboxRequest {
  readonly method: string;
  /** Path and query below the inbox's root: `/slack/services/T0/B0/x`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the provider would answer, and what we learnt from the message. */
export interface SandboxReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** True exactly when the provider would take the message. */
  readonly accepted: boolean;
  /** Why not, in the provider's words; empty when accepted. */
  readonly problems: readonly string[];
  readonly message?: SandboxMessage;
}

/** The message in words that fit every provider. */
export interface SandboxMessage {
  readonly title: string;
  readonly text: string;
  readonly status: 'firing' | 'resolved' | 'unknown';
}

/** A provider's stand-in, hosted by the inbox. */
export interface SandboxEndpoint {
  readonly type: string;
  /** First path segments it owns: `slack` takes `/slack` and everything below, `` (empty) takes `/` alone. */
  readonly mounts: readonly string[];
  /** A path that it takes, for people: `/slack/services/T000/B000/anything`. */
  readonly example: string;
  /** Bytes the provider accepts. */
  readonly maxBodyBytes: number;
  receive(request: SandboxRequest): SandboxReply;
}

/** A message as the inbox keeps it. */
export interface InboxMessage {
  readonly id: number;
  /** UTC, ISO 8601 with milliseconds: when the request had arrived whole. */
  readonly receivedAt: string;
  readonly type: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly replyStatus: number;
  readonly accepted: boolean;
  readonly problems: readonly string[];
  readonly title: string;
  readonly text: string;
  readonly status: 'firing' | 'resolved' | 'unknown';
}
