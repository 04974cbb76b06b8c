import { basename, join } from 'node:path';
import { writeCopy, writeFileAtomic } from '../../../platform/files.ts';
import { shownUrl } from '../../../stack/connection.ts';
import type { Capture, CaptureContext, CaptureEntry } from '../../../stack/source.ts';
import { createPushgatewayApi, type PushedFamily, type PushgatewayApi, type PushGroup } from '../api.ts';
import { pushgatewayErrors } from '../errors.ts';
import { factOf, GROUPS, type GroupFacts } from './facts.ts';
import { notThere, readStateFile, type StateFile } from './read-file.ts';
import { groupKeyOf, groupName, type StoredGroups } from './state-file.ts';

/** The name it is stored under, whatever the live one is called: the one of Leitstand's plan. */
export const STATE_FILE = 'pushgateway.data';
/** The groups as the API gives them: for people, when the state file was behind. */
const LISTED_FILE = 'groups.json';
/** Beyond the persistence interval. */
const MARGIN_MS = 5_000;
const LONGEST_WAIT_MS = 75_000;
const POLL_MS = 250;
/** Groups that are named one by one in the report. */
const NAMED = 20;

interface Seen {
  readonly live: readonly PushGroup[];
  readonly file: StateFile | undefined;
  readonly late: readonly PushGroup[];
  /** Labels of groups that only the file has. */
  readonly revived: readonly Readonly<Record<string, string>>[];
}

/** The persistence file as soon as it holds every push, and what the API says about them. */
export async function capture(context: CaptureContext): Promise<Capture> {
  const api = createPushgatewayApi(context.url, context.signal);
  const { 'persistence.file': path = '', 'persistence.interval': interval = '' } = await api.flags();
  if (path === '') throw memoryOnly(shownUrl(context.url));
  const seen = await waitForFile(context, api, basename(path), goDurationMs(interval));
  if (!seen.file && seen.live.length > 0)
    throw notThere(
      join(context.dataDir, basename(path)),
      'the Pushgateway holds metrics and has written no file there',
    );
  const cutoff = context.clock.now();
  const facts: GroupFacts = {
    groups: seen.live.filter((group) => !seen.late.includes(group)).map(factOf),
    late: seen.late.map(({ labels }) => labels),
    revived: [...seen.revived],
  };
  return {
    cutoff: cutoff.toISOString(),
    entries: await copyState(context.scratchDir, seen),
    expectations: [{ kind: GROUPS, subject: 'all', value: facts }],
    knownLoss: lossOf(seen),
    writer: { program: 'pushgateway', version: await api.version() },
    // The copies lie in the scratch directory, which is not ours to remove.
    release: async () => undefined,
  };
}

async function waitForFile(
  { dataDir, clock, signal, onProgress }: CaptureContext,
  api: PushgatewayApi,
  name: string,
  intervalMs: number,
): Promise<Seen> {
  const deadline = clock.monotonic() + Math.min(intervalMs + MARGIN_MS, LONGEST_WAIT_MS);
  for (let said = false; ; said = true) {
    const live = await api.groups();
    const file = await readStateFile(dataDir, name);
    const seen = { live, file, ...compareWithFile(live, file?.groups ?? new Map()) };
    const isComplete = seen.late.length === 0 && seen.revived.length === 0;
    if (isComplete || clock.monotonic() > deadline) return seen;
    if (!said) onProgress?.('waiting until the Pushgateway has written its newest pushes to disk');
    await clock.sleep(POLL_MS, signal);
  }
}

function compareWithFile(live: readonly PushGroup[], stored: StoredGroups): Pick<Seen, 'late' | 'revived'> {
  const keys = new Set(live.map(({ labels }) => groupKeyOf(labels)));
  return {
    late: live.filter((group) => !isStored(group, stored.get(groupKeyOf(group.labels)))),
    revived: [...stored.keys()].filter((key) => !keys.has(key)).map(labelsOfKey),
  };
}

function isStored({ families }: PushGroup, stored: ReadonlyMap<string, bigint> | undefined): boolean {
  return (
    stored?.size === families.length &&
    families.every((family) => stored.get(family.name) === nanosecondsOf(family))
  );
}

/** RFC 3339 with up to nine digits of a second. */
function nanosecondsOf({ pushedAt }: PushedFamily): bigint | undefined {
  const match = /^(.*?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(pushedAt);
  if (!match) return undefined;
  const [, whole = '', fraction = '', zone = ''] = match;
  return BigInt(Date.parse(whole + zone)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function labelsOfKey(key: string): Record<string, string> {
  if (key === '') return {};
  const parts = key.split('\u00ff').map((part) => Buffer.from(part, 'latin1').toString('utf8'));
  const labels: Record<string, string> = {};
  for (let i = 0; i < parts.length; i += 2) labels[parts[i] ?? ''] = parts[i + 1] ?? '';
  return labels;
}

async function copyState(scratchDir: string, { live, file }: Seen): Promise<CaptureEntry[]> {
  const entries: CaptureEntry[] = [];
  if (file) {
    const copy = join(scratchDir, STATE_FILE);
    await writeCopy(copy, file.original);
    entries.push({ path: STATE_FILE, file: copy, class: 'mutable' });
  }
  const listed = join(scratchDir, LISTED_FILE);
  await writeFileAtomic(listed, `${JSON.stringify(live, undefined, 2)}\n`, { mode: 0o600 });
  return [...entries, { path: LISTED_FILE, file: listed, class: 'mutable' }];
}

function lossOf({ late, revived }: Seen): string[] {
  const lines = [
    ...late.map(
      ({ labels }) =>
        `the last push to ${groupName(labels)} was not yet in the Pushgateway's file: it is only in ${LISTED_FILE} of the backup`,
    ),
    ...revived.map(
      (labels) =>
        `the group ${groupName(labels)} was deleted after the Pushgateway wrote its file: a restore brings it back`,
    ),
  ];
  return lines.length <= NAMED
    ? lines
    : [...lines.slice(0, NAMED), `and ${lines.length - NAMED} more groups in the same way`];
}

/** Go's text of a duration, `5m0s`, `1h0m0s`, `500ms`; what is none counts as the longest wait. */
function goDurationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.map(([part]) => part).join('') !== text || text === '') return LONGEST_WAIT_MS;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0);
}

function memoryOnly(url: string) {
  return pushgatewayErrors.error('LS-PUSHGATEWAY-004', {
    what: `the Pushgateway at ${url} keeps its metrics in memory only`,
    why: 'it runs without --persistence.file',
    fix: 'start it with --persistence.file=PATH and --persistence.interval=10s',
  });
}
