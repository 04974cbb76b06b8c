import type { Json } from '../platform/canonical-json.ts';
import type { Program } from '../stack/program.ts';
import type { ProofClaim } from '../stack/proof.ts';
import type { Comparison } from '../stack/source.ts';
import { formatVersion } from '../stack/version.ts';
import type { SourceDrill, Timings } from './report.ts';

/** A week and a day: a weekly drill that is a little late still counts. */
const AGE_LIMIT_MS = 8 * 86_400_000;
/** Comparisons quoted in a proof; the report has all. */
const QUOTED = 10;

/** `maxAgeMs`: of drills that are made more rarely than weekly. */
export function drillClaim(drill: SourceDrill, program: Program | undefined, maxAgeMs = 0): ProofClaim {
  const { comparisons, control, errors } = drill;
  const bad = comparisons.filter(({ verdict }) => verdict !== 'match');
  return {
    kind: 'drill',
    subject: drill.component,
    verdict: drill.verdict,
    method:
      `restored into isolation, ${asked(program)}, compared with facts sealed at the backup, and a damaged copy had ` +
      'to be rejected',
    facts: {
      ...(drill.snapshot === undefined ? {} : { snapshot: drill.snapshot }),
      ...(drill.cutoff === undefined ? {} : { cutoff: drill.cutoff }),
      ...(drill.bytes === undefined ? {} : { bytes: drill.bytes, files: drill.files ?? 0 }),
      timings: rounded(drill),
      compared: countBy(comparisons),
      agreed: comparisons
        .filter(({ verdict }) => verdict === 'match')
        .slice(0, QUOTED)
        .map(line),
      ...(bad.length > 0 ? { disagreed: bad.slice(0, QUOTED).map(line) } : {}),
      ...(control ? { control: { ...control } } : {}),
      ...(errors.length > 0 ? { errors: errors.map(({ message }) => message) } : {}),
      knownLoss: drill.knownLoss,
    },
    ageLimitMs: Math.max(AGE_LIMIT_MS, maxAgeMs),
    notProven: drill.notProven,
  };
}

function asked(program: Program | undefined): string {
  return program ? `started with ${program.name} ${formatVersion(program.version)}` : 'read as files';
}

function rounded({ restoreMs, bootMs, compareMs, controlMs }: Timings): Json {
  const reached = Object.entries({ restoreMs, bootMs, compareMs, controlMs });
  return Object.fromEntries(
    reached.flatMap(([name, ms]) => (ms === undefined ? [] : [[name, Math.round(ms)]])),
  );
}

function countBy(comparisons: readonly Comparison[]): Json {
  const counts = { match: 0, mismatch: 0, unknown: 0 };
  for (const { verdict } of comparisons) counts[verdict] += 1;
  return counts;
}

function line({ kind, subject, expected, found }: Comparison): string {
  return expected === found
    ? `${kind} ${subject}: ${found}`
    : `${kind} ${subject}: ${found}, not ${expected}`;
}
