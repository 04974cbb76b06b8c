import type { Json } from '../../../platform/canonical-json.ts';
import { plural } from '../../../platform/units.ts';
import { comparison, NOT_SEALED, reasonOf } from '../../../stack/comparison.ts';
import type { CompareContext, Comparison } from '../../../stack/source.ts';
import { createVictoriaLogsApi, type VictoriaLogsApi } from '../api.ts';
import { RowFacts, ROWS, StreamFacts, STREAMS } from './facts.ts';
import { contentsOf, dayOf } from './streams.ts';

/** Differing streams that are named one by one. */
const NAMED = 20;

/**
 * Numbers first, then the contents of every line: damaged blocks have no checksum and mostly kill the program that
 * reads them. A question that could not be asked is `unknown`, never a match.
 */
export async function compare(context: CompareContext): Promise<Comparison[]> {
  const api = createVictoriaLogsApi(context.url, context.signal);
  const found: Comparison[] = [];
  for (const [kind, ask] of Object.entries(QUESTIONS)) {
    context.onProgress?.(`comparing ${kind}`);
    const sealed = context.expectations.find((one) => one.kind === kind);
    try {
      found.push(
        ...(sealed ? await ask(api, sealed.value) : [comparison(kind, 'all', 'unknown', NOT_SEALED)]),
      );
    } catch (error) {
      if (context.signal?.aborted) throw error;
      found.push(comparison(kind, sealed?.subject ?? 'all', 'unknown', reasonOf(error)));
    }
  }
  const others = context.expectations.filter(({ kind }) => !(kind in QUESTIONS));
  return [...found, ...others.map(({ kind, subject }) => comparison(kind, subject, 'unknown', NOT_KNOWN))];
}

const QUESTIONS: Readonly<Record<string, (api: VictoriaLogsApi, sealed: Json) => Promise<Comparison[]>>> = {
  [ROWS]: (api, sealed) => compareLines(api, RowFacts.parse(sealed)),
  [STREAMS]: (api, sealed) => compareStreams(api, StreamFacts.parse(sealed)),
};

const NOT_KNOWN = 'this version of Leitstand does not know how to ask it';

async function compareLines(api: VictoriaLogsApi, { partitions }: RowFacts): Promise<Comparison[]> {
  const differences: Comparison[] = [];
  let sum = 0;
  for (const { name, lines } of partitions) {
    const found = await api.count(dayOf(name));
    sum += lines;
    if (found !== lines)
      differences.push(comparison(ROWS, name, 'mismatch', plural(found, 'line'), plural(lines, 'line')));
  }
  const all = await api.count();
  if (differences.length === 0 && all !== sum)
    differences.push(comparison(ROWS, 'all', 'mismatch', plural(all, 'line'), plural(sum, 'line')));
  if (differences.length > 0) return differences;
  const text = `${plural(sum, 'line')} of ${plural(partitions.length, 'day')}`;
  return [comparison(ROWS, 'all', 'match', text, text)];
}

async function compareStreams(api: VictoriaLogsApi, facts: StreamFacts): Promise<Comparison[]> {
  const subject = 'before the cut-off';
  const contents = await contentsOf(api, { start: facts.start, end: facts.end });
  const differences = Object.entries(facts.streams).flatMap(([stream, [lines, content]]): Comparison[] => {
    const [foundLines = '0', foundContent = ''] = contents.get(stream) ?? [];
    if (foundLines === lines && foundContent === content) return [];
    const found = foundLines === lines ? `${lines} lines with other contents` : `${foundLines} lines`;
    return [comparison(STREAMS, stream, 'mismatch', found, `${lines} lines`)];
  });
  const late = new Set(facts.late);
  const settled = [...contents.keys()].filter((stream) => !late.has(stream)).length;
  if (settled !== facts.ofStreams)
    differences.push(
      comparison(STREAMS, subject, 'mismatch', plural(settled, 'stream'), plural(facts.ofStreams, 'stream')),
    );
  const text = summary(facts);
  if (differences.length === 0) return [comparison(STREAMS, subject, 'match', text, text)];
  const rest = differences.length - NAMED;
  return [
    ...differences.slice(0, NAMED),
    ...(rest > 0 ? [comparison(STREAMS, 'others', 'mismatch', `${rest} more streams differ`)] : []),
  ];
}

function summary({ streams, ofStreams, start }: StreamFacts): string {
  const compared = Object.keys(streams).length;
  const lines = Object.values(streams).reduce((sum, [count]) => sum + Number(count), 0);
  const since = start === undefined ? '' : ` since ${start.slice(0, 10)}`;
  return `${plural(lines, 'line')} of ${compared} of ${plural(ofStreams, 'stream')}${since}`;
}
