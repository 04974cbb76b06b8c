import type { Json } from '../platform/canonical-json.ts';
import type { ProofClaim } from '../stack/proof.ts';
import type { SourceReport } from './report.ts';

/** A day and two hours: a daily backup that is a little late is not yet a missing one. */
const AGE_LIMIT_MS = 26 * 3_600_000;

/**
 * That the source's data is in the repository; whether it restores is for a drill to say. `maxAgeMs`: of backups that are
 * made more rarely than daily.
 */
export function backupClaim(report: SourceReport, maxAgeMs = 0): ProofClaim {
  return {
    kind: 'backup',
    subject: report.component,
    verdict: report.ok ? 'proven' : 'refuted',
    method: 'captured from the live system, stored, and committed as a signed snapshot',
    facts: factsOf(report),
    ageLimitMs: Math.max(AGE_LIMIT_MS, maxAgeMs),
    notProven: ['that the snapshot restores: run a drill'],
  };
}

function factsOf(report: SourceReport): Json {
  const elapsedMs = Math.round(report.elapsedMs);
  if (!report.ok) return { elapsedMs, error: { code: report.error.code, what: report.error.details.what } };
  const { snapshot, cutoff, files, bytes, readBytes, newBytes, reusedBytes, expectations, knownLoss } =
    report;
  return {
    elapsedMs,
    snapshot,
    cutoff,
    files,
    bytes,
    readBytes,
    newBytes,
    reusedBytes,
    expectations,
    knownLoss,
    warnings: report.warnings.map((warning) => warning.message),
  };
}
