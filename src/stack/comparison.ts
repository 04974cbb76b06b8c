import { LeitstandError } from '../platform/errors.ts';
import type { Comparison } from './source.ts';

/** Found where a snapshot, made by another version, lacks the fact that would be asked for. */
export const NOT_SEALED = 'the snapshot holds no such fact';

/** One answer of a restored program; `expected` where it can be said better than by the fact that it was sealed. */
export function comparison(
  kind: string,
  subject: string,
  verdict: Comparison['verdict'],
  found: string,
  expected = 'as sealed at the backup',
): Comparison {
  return { kind, subject, verdict, expected, found };
}

/** Why a question could not be asked. */
export function reasonOf(error: unknown): string {
  return error instanceof LeitstandError
    ? `${error.details.what}: ${error.details.why ?? 'no reason given'}`
    : String(error);
}
