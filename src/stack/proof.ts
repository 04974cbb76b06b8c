import type { Json } from '../platform/canonical-json.ts';

/** `proven`: the claim was tested and holds. `refuted`: tested and false. `unknown`: it could not be tested. */
export type Verdict = 'proven' | 'refuted' | 'unknown';

/** A dated record of what was tested and what came out. */
export interface ProofClaim {
  /** What kind of claim: `alert-delivery`, `backup`, `drill`. */
  readonly kind: string;
  /** About what: a receiver's name, a source's name. */
  readonly subject: string;
  readonly verdict: Verdict;
  /** How it was tested, in one line. */
  readonly method: string;
  /** Measured facts; no secrets. */
  readonly facts: Json;
  /** Milliseconds after which it says nothing any more. */
  readonly ageLimitMs: number;
  readonly notProven: readonly string[];
}

export interface Proof extends ProofClaim {
  readonly id: number;
  /** UTC, ISO 8601. */
  readonly at: string;
  /** SHA-256 (hex) over the canonical record and the hash before it. */
  readonly hash: string;
  readonly previousHash: string;
}

/** A proof that the stack needs in order to count as well. */
export interface ExpectedProof {
  readonly kind: string;
  readonly subject: string;
  /** Of today's configuration, where a proof holds for one configuration only. */
  readonly fingerprint?: string | undefined;
  /** Why it could not even be found out what has to be proven; the proof then counts as unknown. */
  readonly unknown?: string;
}

/** A proof that is younger than now by more than this comes from a clock that was wrong. */
const CLOCK_TOLERANCE_MS = 5_000;

/** Milliseconds since the proof; undefined when its time lies in the future: it says nothing about now. */
export function ageOfProof(proof: Pick<Proof, 'at'>, now: Date): number | undefined {
  const ageMs = now.getTime() - Date.parse(proof.at);
  return ageMs < -CLOCK_TOLERANCE_MS ? undefined : Math.max(0, ageMs);
}

/** Whether the proof is of the configuration that is expected today. */
export function isOfToday({ fingerprint }: ExpectedProof, { facts }: Pick<Proof, 'facts'>): boolean {
  if (fingerprint === undefined) return true;
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) return false;
  return (facts as { readonly [key: string]: Json })['fingerprint'] === fingerprint;
}
