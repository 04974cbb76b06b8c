import type { ChainCheck } from '../history/proofs.ts';
import type { Proof } from '../stack/proof.ts';

export function verdictWord({ verdict }: Proof): string {
  return verdict === 'proven' ? verdict : verdict.toUpperCase();
}

/** Whether the records can be believed, in words for people. */
export function chainText({ ok, brokenAt }: ChainCheck): string {
  return ok
    ? 'The records are as they were written: each fits the hash of the one before.'
    : `CHANGED: proof ${brokenAt ?? 1} is not as it was written, or is gone. From it on nothing counts; the newest backup has the records of its time (leitstand backup list).`;
}
