import type { ExitCode } from '../platform/exit-codes.ts';
import type { DeliveryMode, DeliveryStage, DeliveryVerdict, EvidenceKind } from '../stack/delivery.ts';

/** What became of the test alert at one integration. */
export interface IntegrationReport {
  readonly receiver: string;
  readonly type: string;
  /** Position among the receiver's integrations of the same type, as in Alertmanager's log. */
  readonly index: number;
  readonly verdict: DeliveryVerdict;
  /** By which route, where routes are tested rather than receivers. */
  readonly route?: string;
  /** Where it was lost. */
  readonly stage?: DeliveryStage;
  readonly reason?: string;
  readonly fix?: string;
  /** What the verdict rests on, in words, and of which kind that is. */
  readonly evidence?: string;
  readonly evidenceKind?: EvidenceKind;
  /** Id of the message in the inbox. */
  readonly message?: number;
  /** Milliseconds from POST until the destination had it. */
  readonly latencyMs?: number;
  /** More than one: the integration was told twice. Known where messages or events are seen. */
  readonly copies?: number;
  /** Whether the integration was told that the alert is over; absent: it tells no end, or nobody looked. */
  readonly end?: EndReport;
  /** What does not change the verdict and should be known. */
  readonly notes?: readonly string[];
}

export interface EndReport {
  readonly arrived: boolean;
  /** Milliseconds after Alertmanager was told that it is over. */
  readonly latencyMs?: number;
  /** Why it did not, or who was told instead. */
  readonly note?: string;
}

export interface NotPossible {
  readonly receiver: string;
  readonly type: string;
  readonly index: number;
  readonly why: string;
}

export interface DeliveryReport {
  readonly mode: DeliveryMode;
  /** Marks the alerts of this test; a label of each begins with it. */
  readonly nonce: string;
  readonly exit: ExitCode;
  /** Something else ran than leitstand.yaml says: the verdicts are of that, and prove nothing about the file. */
  readonly isOtherConfiguration?: true;
  readonly integrations: readonly IntegrationReport[];
  /** Whether Alertmanager confirmed that no alert of the test still fires. */
  readonly resolved: boolean;
  /** Integrations that this mode cannot reach; nothing is known about them. */
  readonly notPossible?: readonly NotPossible[];
  /** About the whole test: what was found before it, who of a cluster was not there, who is told by nobody. */
  readonly notes: readonly string[];
  /** Receivers of which a person said that the message was seen, where people were asked and waited for. */
  readonly seen?: readonly { readonly receiver: string; readonly afterMs: number }[];
  readonly elapsedMs: number;
}

/** The least that an integration must reach for the test to count as passed. */
export type Standard = 'confirmed' | 'accepted' | 'sent';

const REACHED: Readonly<Record<Standard, readonly DeliveryVerdict[]>> = {
  confirmed: ['CONFIRMED'],
  accepted: ['CONFIRMED', 'ACCEPTED'],
  sent: ['CONFIRMED', 'ACCEPTED', 'SENT-UNCONFIRMED'],
};

export function reaches({ verdict }: Pick<IntegrationReport, 'verdict'>, standard: Standard): boolean {
  return REACHED[standard].includes(verdict);
}
