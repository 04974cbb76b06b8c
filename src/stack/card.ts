import type { Json } from '../platform/canonical-json.ts';

/**
 * A message as people see it at the provider, as data: plug-ins read their provider's format into it, and what draws it
 * (terminal, page, console) knows no provider. Texts are as they arrived: whoever draws them escapes them.
 */
export type MessageCard = ChatCard | MailCard | IncidentCard | DataCard;

/** A message in a channel. */
export interface ChatCard {
  readonly kind: 'chat';
  readonly author: string;
  readonly title?: CardLink;
  /** Of the bar beside it: `#a30200`. */
  readonly colour?: string;
  readonly text: readonly Span[];
  readonly fields: readonly { readonly title: string; readonly text: readonly Span[] }[];
  readonly buttons: readonly CardLink[];
  readonly footer?: string;
  /** What a phone shows of it before it is opened. */
  readonly notification: string;
}

export interface MailCard {
  readonly kind: 'mail';
  readonly subject: string;
  readonly from: string;
  readonly to: string;
  /** Absent where the message has no such part. */
  readonly text?: string;
  readonly html?: string;
}

/** What somebody on call is woken by. */
export interface IncidentCard {
  readonly kind: 'incident';
  /** The provider's word: `trigger`, `resolve`. */
  readonly action: string;
  readonly summary: string;
  readonly severity: string;
  /** `source`, `component`, `group`, …: those that say something, with the provider's own names. */
  readonly facts: readonly CardFact[];
  readonly details: readonly CardFact[];
  readonly links: readonly CardLink[];
}

/** A message for programs. */
export interface DataCard {
  readonly kind: 'data';
  readonly title: string;
  readonly facts: readonly CardFact[];
  /** Undefined when the body is no JSON. */
  readonly data: Json | undefined;
}

export interface CardFact {
  readonly name: string;
  readonly value: string;
}

export interface CardLink {
  readonly text: string;
  /** May be anything: `harmlessLink` knows which may be followed. */
  readonly address?: string;
}

/** A piece of text that looks alike; lines end with `\n`. */
export interface Span {
  readonly text: string;
  readonly bold?: true;
  readonly italic?: true;
  readonly strike?: true;
  readonly code?: true;
  readonly quote?: true;
  readonly address?: string;
  /** It calls people: `@channel`. */
  readonly calls?: true;
}
