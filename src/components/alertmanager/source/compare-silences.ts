import { canonicalJson } from '../../../platform/canonical-json.ts';
import { plural } from '../../../platform/units.ts';
import type { CompareContext, Comparison } from '../../../stack/source.ts';
import type { AlertmanagerApi, Silence } from '../api.ts';
import { EFFECT, SILENCES, type SilenceFact, type SilenceFacts } from './facts.ts';
import { matchingLabels } from './matching-alert.ts';

/** Silences that are tried out with an alert. */
const TRIED = 10;
const POLL_MS = 100;
/** Muting is decided when it is asked for; this is for a busy machine. */
const LONGEST_WAIT_MS = 1_500;
const ALERT_MS = 300_000;
/** A silence that ends in the middle of it tells nothing. */
const LASTING_MS = 30_000;
/** The label that an alert of ours is found by. */
const MARK = 'leitstand_drill';
const MUTES = 'mutes an alert that it matches';
/** One that ends while the twin is asked may be there or not. */
const ENDING_MS = 2_000;

/** Those that would still hold at the time of the drill, and no others. */
export function compareSilences(found: readonly Silence[], facts: SilenceFacts, now: Date): Comparison[] {
  const [time, tolerated] = [now.getTime(), new Set([...facts.late, ...facts.revived])];
  const restored = new Map(
    found.filter(({ status }) => status.state !== 'expired').map((silence) => [silence.id, silence]),
  );
  const expected = facts.silences.filter(({ endsAt }) => Date.parse(endsAt) > time + ENDING_MS);
  const ending = facts.silences.filter((silence) => !expected.includes(silence)).map(({ id }) => id);
  const differences = expected.flatMap((silence): Comparison[] => {
    const twin = restored.get(silence.id);
    if (twin && describe(twin) === describe(silence)) return [];
    return [mismatch(silence.id, describe(silence), twin ? describe(twin) : 'no such silence')];
  });
  const known = new Set([...expected.map(({ id }) => id), ...ending]);
  for (const [id, twin] of restored)
    if (!known.has(id) && !tolerated.has(id))
      differences.push(mismatch(id, 'no such silence', describe(twin)));
  if (differences.length > 0) return differences;
  const text = plural(expected.length, 'silence');
  return [
    {
      kind: SILENCES,
      subject: 'not expired',
      verdict: 'match',
      expected: text,
      found: ending.length === 0 ? text : `${text}; ${ending.length} ended since the backup`,
    },
  ];
}

/** Posts an alert that each of a few silences must mute, and sees whether it does. */
export async function compareEffect(
  api: AlertmanagerApi,
  facts: SilenceFacts,
  context: CompareContext,
): Promise<Comparison[]> {
  const now = context.clock.now();
  const comparisons: Comparison[] = [];
  for (const silence of facts.silences) {
    const [from, to] = [Date.parse(silence.startsAt), Date.parse(silence.endsAt)];
    if (from > now.getTime() || to < now.getTime() + LASTING_MS) continue;
    const labels = matchingLabels(silence, { alertname: 'LeitstandDrill', [MARK]: silence.id });
    if (labels?.[MARK] !== silence.id) continue;
    const by = await mutedBy(api, silence, labels, context);
    const mutes = by.includes(silence.id);
    comparisons.push({
      kind: EFFECT,
      subject: silence.id,
      verdict: mutes ? 'match' : 'mismatch',
      expected: MUTES,
      found: mutes ? MUTES : `it was muted by ${by.length === 0 ? 'nothing' : by.join(', ')}`,
    });
    if (comparisons.length === TRIED) break;
  }
  return comparisons;
}

async function mutedBy(
  api: AlertmanagerApi,
  { id }: SilenceFact,
  labels: Readonly<Record<string, string>>,
  { clock, signal }: CompareContext,
): Promise<readonly string[]> {
  const now = clock.now();
  const endsAt = new Date(now.getTime() + ALERT_MS);
  await api.post([{ labels, annotations: {}, startsAt: now, endsAt }]);
  const deadline = clock.monotonic() + LONGEST_WAIT_MS;
  for (;;) {
    const by = (await api.silencedBy(MARK, id)).flat();
    if (by.includes(id) || clock.monotonic() > deadline) return by;
    await clock.sleep(POLL_MS, signal);
  }
}

function mismatch(subject: string, expected: string, found: string): Comparison {
  return { kind: SILENCES, subject, verdict: 'mismatch', expected, found };
}

function describe({ matchers, createdBy, comment, startsAt, endsAt }: SilenceFact | Silence): string {
  const sorted = matchers
    .map(({ name, value, isRegex, isEqual }) => canonicalJson({ name, value, isRegex, isEqual }))
    .sort();
  return `{${sorted.join(', ')}} ${startsAt} to ${endsAt} by ${createdBy}: ${comment}`;
}
