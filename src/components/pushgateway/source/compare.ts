import { LeitstandError } from '../../../platform/errors.ts';
import { plural } from '../../../platform/units.ts';
import { comparison, reasonOf } from '../../../stack/comparison.ts';
import type { CompareContext, Comparison } from '../../../stack/source.ts';
import { createPushgatewayApi, type PushgatewayApi, type PushGroup } from '../api.ts';
import { STATE_FILE } from './capture.ts';
import { factOf, type GroupFact, GroupFacts, GROUPS } from './facts.ts';
import { readStateFile } from './read-file.ts';
import { groupKeyOf, groupName } from './state-file.ts';

/** Our own reading of the file: a Pushgateway is ready and empty on one that it cannot read. */
const FILE = 'state-file';

/** A question that could not be asked is `unknown`, never a match. */
export async function compare(context: CompareContext): Promise<Comparison[]> {
  const found: Comparison[] = [];
  for (const { kind, subject, value } of context.expectations) {
    if (kind !== GROUPS) {
      found.push(
        comparison(kind, subject, 'unknown', 'this version of Leitstand does not know how to ask it'),
      );
      continue;
    }
    context.onProgress?.(`comparing ${kind}`);
    try {
      const facts = GroupFacts.parse(value);
      found.push(await compareFile(context, facts));
      found.push(...(await askGroups(createPushgatewayApi(context.url, context.signal), facts)));
    } catch (error) {
      if (context.signal?.aborted) throw error;
      found.push(comparison(kind, subject, 'unknown', reasonOf(error)));
    }
  }
  if (context.expectations.length === 0)
    found.push(comparison(GROUPS, 'all', 'unknown', 'the snapshot holds no facts'));
  return found;
}

async function compareFile({ dataDir }: CompareContext, facts: GroupFacts): Promise<Comparison> {
  try {
    const stored = (await readStateFile(dataDir, STATE_FILE))?.groups ?? new Map();
    const missing = facts.groups.filter(({ labels }) => !stored.has(groupKeyOf(labels))).length;
    const expected = `holds ${plural(facts.groups.length, 'sealed group')}`;
    return missing === 0
      ? comparison(FILE, STATE_FILE, 'match', expected, expected)
      : comparison(FILE, STATE_FILE, 'mismatch', `${missing} of them missing`, expected);
  } catch (error) {
    if (!(error instanceof LeitstandError) || error.code !== 'LS-PUSHGATEWAY-006') throw error;
    return comparison(
      FILE,
      STATE_FILE,
      'mismatch',
      `no file of a Pushgateway: ${error.details.why}`,
      'can be read',
    );
  }
}

/** Damaged metrics make it break off its answer; that it answers other questions shows that the data is to blame. */
async function askGroups(api: PushgatewayApi, facts: GroupFacts): Promise<Comparison[]> {
  let groups: readonly PushGroup[];
  try {
    groups = await api.groups();
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    await api.flags();
    return [comparison(GROUPS, 'all', 'mismatch', `it runs and cannot list its groups: ${reasonOf(error)}`)];
  }
  return compareGroups(groups, facts);
}

function compareGroups(found: readonly PushGroup[], facts: GroupFacts): Comparison[] {
  const restored = new Map(found.map((group) => [groupKeyOf(group.labels), factOf(group)]));
  const tolerated = new Set([...facts.late, ...facts.revived].map(groupKeyOf));
  const differences = facts.groups.flatMap((group): Comparison[] => {
    const twin = restored.get(groupKeyOf(group.labels));
    if (twin?.sha256 === group.sha256) return [];
    return [
      comparison(
        GROUPS,
        groupName(group.labels),
        'mismatch',
        twin ? text(twin) : 'no such group',
        text(group),
      ),
    ];
  });
  const sealed = new Set(facts.groups.map(({ labels }) => groupKeyOf(labels)));
  for (const [key, twin] of restored)
    if (!sealed.has(key) && !tolerated.has(key))
      differences.push(comparison(GROUPS, groupName(twin.labels), 'mismatch', text(twin), 'no such group'));
  if (differences.length > 0) return differences;
  // Whoever pushes all the time may leave nothing that could be compared: that is no agreement.
  if (facts.groups.length === 0 && facts.late.length > 0)
    return [
      comparison(GROUPS, 'all', 'unknown', 'every group was pushed to again before the file was written'),
    ];
  const families = facts.groups.reduce((sum, group) => sum + group.families, 0);
  const equal = `${plural(facts.groups.length, 'group')} with ${families} metrics`;
  return [comparison(GROUPS, 'all', 'match', equal, equal)];
}

function text({ families, pushTime, sha256 }: GroupFact): string {
  return `${families} metrics pushed at ${pushTime} (${sha256.slice(0, 12)})`;
}
