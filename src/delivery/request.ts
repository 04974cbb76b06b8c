import type { Deliveries } from '../history/deliveries.ts';
import type { MessageLog } from '../history/messages.ts';
import type { Clock } from '../platform/clock.ts';
import type { OnProgress } from '../stack/progress.ts';
import type { ProofClaim } from '../stack/proof.ts';
import type { Stack } from '../stack/stack.ts';

export interface DeliveryRequest {
  readonly alertmanagerUrl: string;
  readonly stack: Stack;
  /** The stack's inbox, when it has one. */
  readonly inbox?: { readonly baseUrl: string; readonly messages: Pick<MessageLog, 'findByText' | 'lastId'> };
  /** The last lines of Alertmanager's log, oldest first; empty where it cannot be read. */
  readonly logTail: (lines: number) => Promise<readonly string[]>;
  readonly history: {
    readonly proofs: { append(claim: ProofClaim, now: Date): unknown };
    readonly deliveries: Pick<Deliveries, 'append'>;
  };
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** Milliseconds to wait for the slowest integration. */
  readonly timeoutMs: number;
  /** Default: all of the stack. */
  readonly receivers?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: OnProgress;
}
