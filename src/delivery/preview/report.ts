import type { ExitCode } from '../../platform/exit-codes.ts';
import type { ShownMessage } from '../cards/message-html.ts';

/** `bare`: without annotations; `hostile`: with values that try to break out; `test`: what `alert test` sends. */
export const PREVIEW_CASES = ['firing', 'resolved', 'many', 'bare', 'hostile', 'test'] as const;
export type PreviewCase = (typeof PREVIEW_CASES)[number];

/** The case `many`. */
export const MANY_ALERTS = 50;

export interface PreviewReport {
  /** `0.31.1` */
  readonly alertmanager: string;
  /** 1 when a message was refused, or not made at all. */
  readonly exit: ExitCode;
  readonly integrations: readonly IntegrationPreview[];
  readonly notShown: readonly NotShown[];
  readonly elapsedMs: number;
}

export interface IntegrationPreview {
  readonly receiver: string;
  readonly type: string;
  /** Position among the receiver's integrations of the same type. */
  readonly index: number;
  readonly place?: string;
  /** In the order in which the cases were asked for. */
  readonly cases: readonly CasePreview[];
}

export type CasePreview =
  | SentMessage
  /** Nothing is sent, and that is right: `send_resolved` is off. */
  | { readonly case: PreviewCase; readonly outcome: 'silent'; readonly why: string }
  /** No message came out, which is wrong. */
  | { readonly case: PreviewCase; readonly outcome: 'failed'; readonly why: string };

/** The bytes as they came, how they read, and what the provider would cut or fold away of them. */
export interface SentMessage extends ShownMessage {
  readonly case: PreviewCase;
  /** What the strict reading of the provider's rules says of it. */
  readonly outcome: 'accepted' | 'refused';
}

export interface NotShown {
  readonly receiver: string;
  readonly type: string;
  readonly index: number;
  readonly why: string;
}
