import type { Deliveries } from '../history/deliveries.ts';
import type { MessageLog } from '../history/messages.ts';
import type { Clock } from '../platform/clock.ts';
import type { Address } from '../stack/connection.ts';
import type { OnProgress } from '../stack/progress.ts';
import type { ProofClaim } from '../stack/proof.ts';
import type { Stack } from '../stack/stack.ts';
import type { Alerting } from './alerting.ts';

export interface DeliveryRequest {
  readonly alertmanagerUrl: Address;
  readonly stack: Stack;
  /** Default: what the stack says. */
  readonly alerting?: Alerting;
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
  /** Default: all. */
  readonly receivers?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: OnProgress;
}
