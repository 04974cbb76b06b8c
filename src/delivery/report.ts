import type { ExitCode } from '../platform/exit-codes.ts';
import type { DeliveryStage, DeliveryVerdict } from '../stack/delivery.ts';

/** What became of the test alert at one integration. */
export interface IntegrationReport {
  readonly receiver: string;
  readonly type: string;
  /** Position among the receiver's integrations of the same type, as in Alertmanager's log. */
  readonly index: number;
  readonly verdict: DeliveryVerdict;
  /** Where it was lost. */
  readonly stage?: DeliveryStage;
  readonly reason?: string;
  readonly fix?: string;
  /** What the verdict rests on. */
  readonly evidence?: string;
  /** Milliseconds from POST until the destination had it. */
  readonly latencyMs?: number;
}

export interface DeliveryReport {
  /** Marks the alerts of this test; a label of each begins with it. */
  readonly nonce: string;
  readonly exit: ExitCode;
  readonly integrations: readonly IntegrationReport[];
  /** Whether Alertmanager confirmed that no alert of the test still fires. */
  readonly resolved: boolean;
  readonly elapsedMs: number;
}

export function isProven({ verdict }: Pick<IntegrationReport, 'verdict'>): boolean {
  return verdict === 'CONFIRMED' || verdict === 'ACCEPTED';
}
