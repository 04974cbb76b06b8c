import type { ComponentStatus, InboxStatus, Runtime } from '../stack/runtime.ts';
import type { Proof } from '../stack/proof.ts';
import type { Stack } from '../stack/stack.ts';

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
  readonly runtime: Pick<Runtime, 'status' | 'inboxStatus'>;
  readonly stack: Pick<Stack, 'components' | 'inbox'>;
  readonly expected: readonly ExpectedProof[];
  readonly latest: (kind: string, subject: string) => Proof | undefined;
  readonly now: Date;
}): Promise<StackStatus> {
  const running = await input.runtime.status();
  const components = [...running, ...missing(input.stack, running)];
  const inbox = input.stack.inbox.enabled
    ? ((await input.runtime.inboxStatus()) ?? { state: 'stopped' as const, port: input.stack.inbox.port })
    : undefined;
  const proofs = input.expected.map(({ kind, subject }) =>
    rateProof(kind, subject, input.latest(kind, subject), input.now),
  );
  const healthy =
    components.every(({ state }) => state === 'ready') &&
    (inbox === undefined || inbox.state === 'ready') &&
    proofs.every(({ state }) => state === 'proven');
  return { components, inbox, proofs, healthy };
}

/** What the file wants and nobody runs is part of the picture. */
function missing(
  { components }: Pick<Stack, 'components'>,
  running: readonly ComponentStatus[],
): ComponentStatus[] {
  const known = new Set(running.map(({ component }) => component));
  return components
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => ({ component: name, state: 'stopped', restarts: 0 }));
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
