import type { DeliveryMode, DeliveryStage, DeliveryVerdict, EvidenceKind } from '../stack/delivery.ts';
import type { MessageStatus } from '../stack/sandbox.ts';
import type { IntegrationRow } from './integrations.ts';

/** One notification and what became of it at one integration: of a test, or of a real alert. */
export interface NewDelivery {
  /** Mark of the test; absent for a real alert. */
  readonly nonce?: string;
  /** Empty where it is not known. */
  readonly receiver: string;
  readonly type: string;
  /** Position among the receiver's integrations of the same type. */
  readonly index: number;
  readonly verdict: DeliveryVerdict;
  /** Of a test; default: through Alertmanager. */
  readonly mode?: DeliveryMode;
  /** What the verdict rests on. */
  readonly evidence?: EvidenceKind;
  readonly stage?: DeliveryStage;
  readonly reason?: string;
  /** What a real notification was about: the alert's name, or the message's title. */
  readonly alert?: string;
  readonly status?: MessageStatus;
  /** Id of the message in the inbox. */
  readonly message?: number;
  /** Of a test: milliseconds from POST to arrival. */
  readonly latencyMs?: number;
  /** Of a real alert: milliseconds from its beginning (`startsAt`) to this. Grouping, waiting and repeats are in it. */
  readonly ageMs?: number;
  /** UTC, ISO 8601. */
  readonly at: string;
}

export interface Delivery extends NewDelivery {
  readonly id: number;
}

/** A test past Alertmanager proves less: it is told from the others everywhere. */
export const KIND = { notification: 0, test: 1, direct: 2 } as const;
export const KINDS = Object.values(KIND);

export function toDelivery(
  row: Readonly<Record<string, unknown>>,
  { receiver, type, index }: IntegrationRow,
): Delivery {
  const text = (name: string, column = name) =>
    row[column] === null ? {} : { [name]: row[column] as string };
  const number = (name: string, column = name) =>
    row[column] === null ? {} : { [name]: Number(row[column]) };
  return {
    id: Number(row['id']),
    at: new Date(Number(row['at'])).toISOString(),
    receiver,
    type,
    index,
    verdict: row['verdict'] as DeliveryVerdict,
    ...text('nonce'),
    ...text('mode'),
    ...text('evidence'),
    ...text('stage'),
    ...text('reason'),
    ...text('alert'),
    ...text('status'),
    ...number('message'),
    ...number('latencyMs', 'latency_ms'),
    ...number('ageMs', 'age_ms'),
  };
}
