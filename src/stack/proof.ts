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
