import type { ComponentStatus, InboxStatus, Runtime } from '../stack/runtime.ts';
import type { Proof } from '../stack/proof.ts';

/** `never` and `stale` are as bad as `refuted`: no fresh proof is no proof. */
export type ProofState = 'proven' | 'refuted' | 'unknown' | 'stale' | 'never';

export interface ProofStatus {
  readonly kind: string;
  readonly subject: string;
  readonly state: ProofState;
  readonly ageMs?: number;
  readonly limitMs?: number;
  readonly proof?: number;
}

export interface StackStatus {
  readonly components: readonly ComponentStatus[];
  readonly inbox: InboxStatus | undefined;
  readonly proofs: readonly ProofStatus[];
  readonly healthy: boolean;
}

export interface ExpectedProof {
  readonly kind: string;
  readonly subject: string;
}

export async function readStatus(input: {
  readonly runtime: Runtime;
  readonly expected: readonly ExpectedProof[];
  readonly latest: (kind: string, subject: string) => Proof | undefined;
  readonly now: Date;
}): Promise<StackStatus> {
  const components = await input.runtime.status();
  const inbox = await input.runtime.inboxStatus();
  const proofs = input.expected.map(({ kind, subject }) =>
    rateProof(kind, subject, input.latest(kind, subject), input.now),
  );
  const healthy =
    components.every(({ state }) => state === 'ready') &&
    (inbox === undefined || inbox.state === 'ready') &&
    proofs.every(({ state }) => state === 'proven');
  return { components, inbox, proofs, healthy };
}

function rateProof(kind: string, subject: string, proof: Proof | undefined, now: Date): ProofStatus {
  if (!proof) return { kind, subject, state: 'never' };
  const ageMs = now.getTime() - Date.parse(proof.at);
  // A proof from the future comes from a clock that was wrong: it says nothing about now.
  const fresh = ageMs >= 0 && ageMs <= proof.ageLimitMs;
  return {
    kind,
    subject,
    state: fresh || proof.verdict !== 'proven' ? proof.verdict : 'stale',
    ageMs,
    limitMs: proof.ageLimitMs,
    proof: proof.id,
  };
}
