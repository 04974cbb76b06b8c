import type { History } from '../history/history.ts';
import type { Proof } from '../stack/proof.ts';

/** Proofs that are looked through: years of them. */
const PROOFS = 10_000;

/** Snapshot id → the newest drill of it. */
export function drilledSnapshots({ proofs }: Pick<History, 'proofs'>): ReadonlyMap<string, Proof> {
  const drilled = new Map<string, Proof>();
  for (const proof of proofs.list({ kind: 'drill', limit: PROOFS })) {
    const { snapshot } = (proof.facts ?? {}) as { readonly snapshot?: unknown };
    if (typeof snapshot === 'string' && !drilled.has(snapshot)) drilled.set(snapshot, proof);
  }
  return drilled;
}
