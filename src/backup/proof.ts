import type { ProofClaim } from '../stack/proof.ts';
import type { SourceReport } from './report.ts';

/** A day and two hours: a daily backup that is a little late is not yet a missing one. */
const AGE_LIMIT_MS = 26 * 3_600_000;

/** That the source's data is in the repository; whether it restores is for a drill to say. */
export function backupClaim(report: SourceReport): ProofClaim {
  const { component, snapshot, error, elapsedMs } = report;
  return {
    kind: 'backup',
    subject: component,
    verdict: snapshot ? 'proven' : 'refuted',
    method: 'captured from the live program, stored, and committed as a signed snapshot',
    facts: {
      elapsedMs: Math.round(elapsedMs),
      ...(snapshot ? { ...snapshot } : {}),
      ...(error ? { error: { code: error.code, what: error.details.what } } : {}),
      ...(report.warnings.length > 0 ? { warnings: report.warnings.map((warning) => warning.message) } : {}),
    },
    ageLimitMs: AGE_LIMIT_MS,
    notProven: ['that the snapshot restores: run a drill'],
  };
}
