import { formatElapsed } from '../../../platform/units.ts';
import type { Comparison } from '../../../stack/source.ts';
import { COUNTS, type CountFacts, HASHES, type HashFacts } from './facts.ts';
import { type Answers, countSamples, hashSamples, type Questions } from './samples.ts';

/** Differing metrics that are named one by one; more are summed up. */
const NAMED = 20;
const OUT_OF_ORDER = ' (out-of-order samples that were in memory at the backup are not in it)';

/** Every metric of the window, those that should not be there as well. */
export async function compareCounts(
  questions: Questions,
  subject: string,
  facts: CountFacts,
): Promise<Comparison[]> {
  const unreadable = new Set(facts.unreadable);
  const late = new Set(facts.late);
  const present = await questions.api.metricNames({ start: facts.from, end: facts.to });
  const names = [...new Set([...Object.keys(facts.metrics), ...present])].filter(
    (name) => !unreadable.has(name),
  );
  const found = await countSamples(questions, { name: subject, from: facts.from, to: facts.to }, names);
  const differences = namedDifferences(
    names,
    found,
    (name) => (late.has(name) ? undefined : (facts.metrics[name] ?? 0)),
    {
      kind: COUNTS,
      subject,
      unit: ' samples',
      missing: 0,
      note: facts.outOfOrder ? OUT_OF_ORDER : '',
    },
  );
  if (differences.length > 0) return differences;
  const text = (counts: readonly number[]) =>
    counts.length === 0
      ? 'no samples'
      : `${counts.reduce((sum, count) => sum + count, 0)} samples of ${counts.length} metrics`;
  const expected = text(Object.values(facts.metrics));
  const compared = [...found.values].filter(([name]) => !late.has(name)).map(([, count]) => count);
  return [{ kind: COUNTS, subject, verdict: 'match', expected, found: text(compared) }];
}

/** Labels, times and values of the hashed metrics, bit by bit. */
export async function compareHashes(
  questions: Questions,
  subject: string,
  facts: HashFacts,
): Promise<Comparison[]> {
  const window = { name: subject, from: facts.from, to: facts.to };
  const names = Object.keys(facts.sha256);
  const counts = (await countSamples(questions, window, names)).values;
  const found = await hashSamples(
    questions,
    window,
    new Map(names.map((name) => [name, counts.get(name) ?? 0])),
  );
  const differences = namedDifferences(names, found, (name) => facts.sha256[name] ?? '', {
    kind: HASHES,
    subject,
    unit: '',
    missing: 'no samples',
    note: facts.outOfOrder ? OUT_OF_ORDER : '',
  });
  if (differences.length > 0) return differences;
  const text =
    facts.ofMetrics === 0
      ? 'no samples'
      : `content of ${names.length} of ${facts.ofMetrics} metrics, ${facts.samples} of ${facts.ofSamples} samples, ` +
        `in ${formatElapsed(facts.to - facts.from)} up to ${new Date(facts.to).toISOString()}`;
  return [{ kind: HASHES, subject, verdict: 'match', expected: text, found: text }];
}

interface Wording<Value> {
  readonly kind: string;
  readonly subject: string;
  readonly unit: string;
  /** What a metric without an answer has. */
  readonly missing: Value | string;
  readonly note: string;
}

function namedDifferences<Value extends string | number>(
  names: readonly string[],
  found: Answers<Value>,
  /** Undefined: anything that can be read is right. */
  expected: (name: string) => Value | undefined,
  { kind, subject, unit, missing, note }: Wording<Value>,
): Comparison[] {
  const all: Comparison[] = [];
  for (const name of names) {
    const failure = found.failures.get(name);
    const value = found.values.get(name) ?? missing;
    const wanted = expected(name);
    if (failure === undefined && (wanted === undefined || value === wanted)) continue;
    all.push({
      kind,
      subject: `${subject}: ${name}`,
      verdict: 'mismatch',
      expected: wanted === undefined ? 'readable' : `${wanted}${unit}`,
      found: failure ?? `${value}${unit}${note}`,
    });
  }
  if (all.length <= NAMED) return all;
  const rest = `${all.length - NAMED} more metrics`;
  return [
    ...all.slice(0, NAMED),
    {
      kind,
      subject: `${subject}: others`,
      verdict: 'mismatch',
      expected: `${rest} as sealed`,
      found: `${rest} differ`,
    },
  ];
}
