import { EXIT, type ExitCode } from '../platform/exit-codes.ts';
import type { Verdict } from '../stack/proof.ts';
import type { Comparison } from '../stack/source.ts';

/** Proven needs at least one comparison, and each of them a match: silence proves nothing. */
export function judgeComparisons(comparisons: readonly Comparison[]): Verdict {
  if (comparisons.some(({ verdict }) => verdict === 'mismatch')) return 'refuted';
  return comparisons.length > 0 && comparisons.every(({ verdict }) => verdict === 'match')
    ? 'proven'
    : 'unknown';
}

export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('refuted')) return 'refuted';
  return verdicts.length === 0 || verdicts.includes('unknown') ? 'unknown' : 'proven';
}

export function exitOf(verdict: Verdict): ExitCode {
  return { proven: EXIT.ok, refuted: EXIT.no, unknown: EXIT.couldNotCheck }[verdict];
}
