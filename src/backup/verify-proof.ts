import type { VerifyResult } from '../repository/verify.ts';
import type { ProofClaim } from '../stack/proof.ts';

/** There is one repository for each stack. */
export const VERIFY_SUBJECT = 'repository';
/**
 * Two days and two hours: verification is nightly, and what it reads in advance makes up for one night that was missed.
 * So a missed one need not wake anybody.
 */
const AGE_LIMIT_MS = 50 * 3_600_000;
/** Findings quoted in a proof; the report has all. */
const QUOTED = 20;

/**
 * That what is stored is what was stored. Undefined for a look at names and sizes that found nothing: it proves too little
 * to stand in the place of a reading, while what it does find counts.
 */
export function verifyClaim(
  result: VerifyResult,
  {
    rotateDays,
    elapsedMs,
    maxAgeMs = 0,
  }: {
    readonly rotateDays: number | undefined;
    readonly elapsedMs: number;
    /** Of verifications that are made more rarely than nightly. */
    readonly maxAgeMs?: number | undefined;
  },
): ProofClaim | undefined {
  const { findings, counts, stored, misread, undecoded, damaged, oldestUnverifiedAt } = result;
  if (result.level === 'presence' && findings.length === 0) return undefined;
  const [first] = findings;
  const more = findings.length > 1 ? `, and ${findings.length - 1} more` : '';
  // Without a key to all of it, it is a reading of stored bytes, and proves no more.
  const level = undecoded.length > 0 ? 'stored' : result.level;
  return {
    kind: 'verify',
    subject: VERIFY_SUBJECT,
    verdict: first ? 'refuted' : 'proven',
    method: METHODS[rotateDays === undefined ? level : 'rotate'],
    facts: {
      ...(first ? { reason: `${first.object} ${first.problem}${more}` } : {}),
      ...(undecoded.length > 0 ? { undecodedObjects: undecoded.length } : {}),
      level,
      ...(rotateDays === undefined ? {} : { days: rotateDays }),
      elapsedMs: Math.round(elapsedMs),
      counts: { ...counts },
      stored: { ...stored },
      damagedObjects: damaged.length,
      misread: misread.slice(0, QUOTED),
      ...(oldestUnverifiedAt === undefined ? {} : { oldestUnverifiedAt }),
      findings: findings.slice(0, QUOTED).map(({ object, problem, paths }) => ({
        object,
        problem,
        files: paths.length,
      })),
    },
    ageLimitMs: Math.max(AGE_LIMIT_MS, maxAgeMs),
    notProven: [
      'that the programs can use the data: run a drill',
      ...(level === 'content' ? [] : ['that the files decode: their packs are as they were written']),
    ],
  };
}

const METHODS = {
  presence: 'every record read, every object looked for by name and size',
  stored: 'every stored byte read and hashed',
  content: 'every stored byte read and hashed, every file decoded and hashed',
  rotate: 'every record read, every object looked for by name and size, what was due read and hashed',
} as const;
