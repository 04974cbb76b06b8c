import type { History } from '../history/history.ts';

/** Proofs that are looked through: years of them. */
const PROOFS = 10_000;

type Proofs = Pick<History['proofs'], 'list'>;

/** Source → the id of the last snapshot that this host has made of it, as its history says. Nothing may take it away. */
export function newestMade(proofs: Proofs, sources: readonly string[]): ReadonlyMap<string, string> {
  const made = proofs.list({ kind: 'backup', limit: PROOFS }).filter(({ verdict }) => verdict === 'proven');
  const newest = new Map<string, string>();
  for (const source of sources) {
    const snapshot = snapshotIn(made.find(({ subject }) => subject === source)?.facts);
    if (snapshot !== undefined) newest.set(source, snapshot);
  }
  return newest;
}

/** Ids of the snapshots that a drill has proven. */
export function drilledSnapshots(proofs: Proofs): ReadonlySet<string> {
  return new Set(
    proofs.list({ kind: 'drill', limit: PROOFS }).flatMap((proof) => {
      const snapshot = proof.verdict === 'proven' ? snapshotIn(proof.facts) : undefined;
      return snapshot === undefined ? [] : [snapshot];
    }),
  );
}

function snapshotIn(facts: unknown): string | undefined {
  const { snapshot } = (facts ?? {}) as { readonly snapshot?: unknown };
  return typeof snapshot === 'string' ? snapshot : undefined;
}
