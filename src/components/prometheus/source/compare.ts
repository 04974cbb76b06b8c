import { LeitstandError } from '../../../platform/errors.ts';
import type { CompareContext, Comparison, Expectation } from '../../../stack/source.ts';
import { createPrometheusApi } from '../api.ts';
import { compareCounts, compareHashes } from './compare-samples.ts';
import { compareInventory, compareNextBackup, compareRetention } from './compare-server.ts';
import { COUNTS, CountFacts, HASHES, HashFacts, INVENTORY, InventoryFacts } from './facts.ts';
import type { Questions } from './samples.ts';
import { rangeStart } from './windows.ts';

interface Step {
  readonly kind: string;
  readonly subject: string;
  readonly expected: string;
  ask(questions: Questions): Promise<Comparison[]>;
}

/**
 * The server's own state first (a compaction would change the inventory), then the content, and last the next
 * backup. A question that could not be asked is `unknown`; one the twin failed to answer from its data is a mismatch.
 */
export async function compare(context: CompareContext): Promise<Comparison[]> {
  const api = createPrometheusApi(context.url, context.signal);
  const found: Comparison[] = [];
  let questions: Questions | undefined;
  for (const step of steps(context.expectations)) {
    context.onProgress?.(`comparing ${step.kind} ${step.subject}`);
    try {
      questions ??= { api, rangeStart: await rangeStart(api) };
      found.push(...(await step.ask(questions)));
    } catch (error) {
      if (context.signal?.aborted) throw error;
      found.push(unanswered(step, error));
    }
  }
  return found;
}

function steps(expectations: readonly Expectation[]): Step[] {
  const sealed = [...expectations]
    .sort((a, b) => rank(a.kind) - rank(b.kind))
    .map(
      (expectation): Step => ({
        kind: expectation.kind,
        subject: expectation.subject,
        expected: 'as sealed at the backup',
        ask: (questions) => askSealed(questions, expectation),
      }),
    );
  const counted = expectations.some(({ kind }) => kind === COUNTS);
  return [
    { kind: 'retention', subject: 'twin', expected: '100y', ask: ({ api }) => compareRetention(api) },
    ...sealed,
    ...(counted ? [] : [NO_FACTS]),
    {
      kind: 'next-backup',
      subject: 'snapshot',
      expected: 'a snapshot succeeds',
      ask: ({ api }) => compareNextBackup(api),
    },
  ];
}

const NO_FACTS: Step = {
  kind: COUNTS,
  subject: 'all windows',
  expected: 'counts sealed at the backup',
  ask: async () => [
    {
      kind: COUNTS,
      subject: 'all windows',
      verdict: 'unknown',
      expected: 'counts sealed at the backup',
      found: 'the snapshot holds none, so nothing can be said about its samples',
    },
  ],
};

function rank(kind: string): number {
  const known = [INVENTORY, COUNTS, HASHES].indexOf(kind);
  return known === -1 ? 3 : known;
}

async function askSealed(questions: Questions, { kind, subject, value }: Expectation): Promise<Comparison[]> {
  if (kind === INVENTORY) return compareInventory(questions.api, InventoryFacts.parse(value));
  if (kind === COUNTS) return compareCounts(questions, subject, CountFacts.parse(value));
  if (kind === HASHES) return compareHashes(questions, subject, HashFacts.parse(value));
  return [
    {
      kind,
      subject,
      verdict: 'unknown',
      expected: 'as sealed at the backup',
      found: 'this version of Leitstand does not know how to ask it',
    },
  ];
}

function unanswered({ kind, subject, expected }: Step, error: unknown): Comparison {
  const failedToAnswer =
    error instanceof LeitstandError && ['LS-PROMETHEUS-004', 'LS-PROMETHEUS-008'].includes(error.code);
  const text =
    error instanceof LeitstandError
      ? `${error.details.what}: ${error.details.why ?? 'no reason given'}`
      : String(error);
  return { kind, subject, verdict: failedToAnswer ? 'mismatch' : 'unknown', expected, found: text };
}
