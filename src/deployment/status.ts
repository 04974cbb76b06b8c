import type { Json } from '../platform/canonical-json.ts';
import type { ComponentStatus, InboxStatus, Runtime, Supervision } from '../stack/runtime.ts';
import { ageOfProof, type ExpectedProof, isOfToday, type Proof } from '../stack/proof.ts';
import type { JobState } from '../stack/job.ts';
import type { Stack } from '../stack/stack.ts';

/** `never`, `stale` and `outdated` (proven of another configuration) are as bad as `refuted`. */
export type ProofState = 'proven' | 'refuted' | 'unknown' | 'stale' | 'outdated' | 'never';

export interface ProofStatus {
  readonly kind: string;
  readonly subject: string;
  readonly state: ProofState;
  readonly ageMs?: number;
  readonly limitMs?: number;
  readonly proof?: number;
  /** Why it is not proven, as the proof says. */
  readonly reason?: string;
}

export interface StackStatus {
  readonly components: readonly ComponentStatus[];
  readonly inbox: InboxStatus | undefined;
  readonly supervision: Supervision;
  readonly proofs: readonly ProofStatus[];
  /** What is done by schedule. */
  readonly jobs: readonly JobState[];
  readonly problems: readonly string[];
  /** What is no fault, and has to be known. */
  readonly warnings: readonly string[];
  readonly healthy: boolean;
}

export async function readStatus(input: {
  readonly runtime: Pick<Runtime, 'status' | 'inboxStatus' | 'supervision'>;
  readonly stack: Pick<Stack, 'components' | 'inbox'>;
  readonly expected: readonly ExpectedProof[];
  readonly jobs?: readonly JobState[];
  /** What else is wrong with the stack, in words. */
  readonly problems: readonly string[];
  readonly warnings?: readonly string[];
  readonly latest: (kind: string, subject: string) => Proof | undefined;
  readonly now: Date;
}): Promise<StackStatus> {
  const running = await input.runtime.status();
  const components = [...running, ...missing(input.stack, running)];
  const inbox = input.stack.inbox.enabled
    ? ((await input.runtime.inboxStatus()) ?? { state: 'stopped' as const, port: input.stack.inbox.port })
    : undefined;
  const supervision = await input.runtime.supervision();
  const proofs = input.expected.map((expected) =>
    rateProof(expected, input.latest(expected.kind, expected.subject), input.now),
  );
  const jobs = input.jobs ?? [];
  const healthy =
    input.problems.length === 0 &&
    supervision.supervised &&
    (supervision.daemon === undefined || supervision.daemon.state === 'ready') &&
    components.every(({ state }) => state === 'ready') &&
    (inbox === undefined || inbox.state === 'ready') &&
    proofs.every(({ state }) => state === 'proven') &&
    jobs.every(({ condition }) => condition !== 'failed' && condition !== 'missed');
  const { problems, warnings = [] } = input;
  return { components, inbox, supervision, proofs, jobs, problems, warnings, healthy };
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

function rateProof(expected: ExpectedProof, proof: Proof | undefined, now: Date): ProofStatus {
  const { kind, subject } = expected;
  if (expected.unknown !== undefined) return { kind, subject, state: 'unknown', reason: expected.unknown };
  if (!proof) return { kind, subject, state: 'never' };
  const ageMs = ageOfProof(proof, now);
  const common = { kind, subject, limitMs: proof.ageLimitMs, proof: proof.id };
  if (ageMs === undefined) {
    return {
      ...common,
      state: 'unknown',
      reason: `its time (${proof.at}) lies in the future: the clock was changed`,
    };
  }
  const reason = proof.verdict === 'proven' ? undefined : findReason(proof.facts);
  const state = stateOf(expected, proof, ageMs);
  return { ...common, state, ageMs, ...(reason === undefined ? {} : { reason }) };
}

function stateOf(expected: ExpectedProof, proof: Proof, ageMs: number): ProofState {
  if (proof.verdict !== 'proven') return proof.verdict;
  if (!isOfToday(expected, proof)) return 'outdated';
  return ageMs <= proof.ageLimitMs ? 'proven' : 'stale';
}

/** The first reason in a proof's facts, however deep: what they hold differs by kind. */
function findReason(facts: Json): string | undefined {
  if (typeof facts !== 'object' || facts === null) return undefined;
  for (const name of ['reason', 'what', 'disagreed', 'errors']) {
    const value = member(facts, name);
    if (typeof value === 'string') return value;
    if (Array.isArray(value) && typeof value[0] === 'string') return value[0];
  }
  for (const value of Object.values(facts)) {
    const reason = findReason(value as Json);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function member(facts: Json, name: string): Json | undefined {
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) return undefined;
  return (facts as { readonly [key: string]: Json })[name];
}
