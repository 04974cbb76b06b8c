import type { Verified } from '../repository/verification-state.ts';
import type { Proof } from '../stack/proof.ts';
import { formatAge } from './terminal.ts';

/** `3 h ago`, `12 of 40 objects`, `not yet`, `DAMAGED`; of the oldest part of it. */
export function verifiedText({ at, objects, read, damaged }: Verified, now: Date): string {
  if (damaged.length > 0) return 'DAMAGED';
  if (objects === 0) return 'empty';
  if (at !== undefined) return `${formatAge(now.getTime() - at)} ago`;
  return read === 0 ? 'not yet' : `${read} of ${objects} objects`;
}

export function drilledText(proof: Proof | undefined, now: Date): string {
  if (!proof) return 'not yet';
  const age = `${formatAge(now.getTime() - Date.parse(proof.at))} ago`;
  return proof.verdict === 'proven' ? age : `${proof.verdict.toUpperCase()} ${age}`;
}
