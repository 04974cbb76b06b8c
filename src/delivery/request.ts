import type { Deliveries } from '../history/deliveries.ts';
import type { MessageLog } from '../history/messages.ts';
import type { Clock } from '../platform/clock.ts';
import type { Address } from '../stack/connection.ts';
import type { Language } from '../stack/language.ts';
import type { OnProgress } from '../stack/progress.ts';
import type { ProofClaim } from '../stack/proof.ts';
import type { Alerting } from './alerting.ts';
import type { InForce } from './in-force.ts';
import type { RuleSource } from './prometheus/rule-source.ts';
import type { Standard } from './report.ts';
import type { SeenReport } from './sightings.ts';
import type { Target } from './target.ts';

/** What is tested: each receiver once, each route once, or whoever takes an alert with these labels. */
export type Aim =
  | { readonly kind: 'receivers'; readonly names: readonly string[] }
  | { readonly kind: 'routes' }
  | { readonly kind: 'labels'; readonly labels: Readonly<Record<string, string>> };

export interface DeliveryRequest {
  /** One Alertmanager, or the members of a cluster. */
  readonly alertmanagers: readonly Address[];
  readonly alerting: Alerting;
  /** What should run; absent: `alerting` is what runs, or nobody knows. */
  readonly inForce?: InForce;
  /** Default: each receiver. */
  readonly aim?: Aim;
  /** Of what people read. */
  readonly language: Language;
  /** A rule of Prometheus that raises the alerts; absent: they are posted to Alertmanager. */
  readonly rule?: RuleSource;
  /** The stack's inbox, when it has one. */
  readonly inbox?: TestInbox;
  /** What is wrong with the files that hold the integration's secrets; undefined: nothing. Absent: they cannot be seen. */
  readonly secretProblem?: (target: Target) => Promise<SecretProblem | undefined>;
  /** The last lines of Alertmanager's log, oldest first; empty where it cannot be read. */
  readonly logTail: (lines: number) => Promise<readonly string[]>;
  /** Absent: nothing is recorded. */
  readonly history?: DeliveryHistory;
  /** URL of the page on which a person says that the message was seen; absent: nobody is asked. */
  readonly seenUrl?: (probe: { readonly nonce: string; readonly receiver: string }) => string;
  /** Who has said so by now, or by the time that somebody is ready to wait; undefined: nobody was asked. */
  readonly awaitSeen?: (nonce: string) => Promise<readonly SeenReport[] | undefined>;
  /** The messages say that it is the drill of the schedule. */
  readonly isDrill?: boolean;
  /** Milliseconds for which the test proves anything; default: 8 days. */
  readonly proofAgeMs?: number | undefined;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** Milliseconds to wait for the slowest integration. */
  readonly timeoutMs: number;
  /** What decides the exit code; default `accepted`. */
  readonly standard?: Standard;
  /** Milliseconds that one member of a cluster waits for another: its `--cluster.peer-timeout`. */
  readonly peerTimeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: OnProgress;
}

export interface TestInbox {
  /** Undefined where only its records are known: then anything on loopback may be it. */
  readonly baseUrl: string | undefined;
  readonly messages: Pick<MessageLog, 'findByText' | 'after' | 'lastId'>;
}

export interface DeliveryHistory {
  readonly proofs: { append(claim: ProofClaim, now: Date): unknown };
  readonly deliveries: Pick<Deliveries, 'append'>;
}

export interface SecretProblem {
  /** Never quotes a secret. */
  readonly reason: string;
  readonly fix: string;
}
