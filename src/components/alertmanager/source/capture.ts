import { join } from 'node:path';
import { writeCopy, writeFileAtomic } from '../../../platform/files.ts';
import { plural } from '../../../platform/units.ts';
import type { Capture, CaptureContext, CaptureEntry, Expectation } from '../../../stack/source.ts';
import { type AlertmanagerApi, createAlertmanagerApi, type Silence } from '../api.ts';
import { LOG, type LogFacts, SILENCES, type SilenceFacts } from './facts.ts';
import { notThere, readState, type State } from './read-state.ts';
import type { StoredSilence } from './state-files.ts';

/** Leitstand's plans have Alertmanager write its state once a minute. */
const LONGEST_WAIT_MS = 75_000;
const POLL_MS = 500;
/** Alertmanager's own default is a write every 15 minutes; without a file after that, it writes elsewhere. */
const WRITTEN_BY_MS = 20 * 60_000;
/** Silences as the API gives them: for people, when the state file was behind. */
const LISTED_FILE = 'silences.json';

interface Seen {
  readonly live: readonly Silence[];
  readonly state: State;
  readonly behind: Behind;
}

/** Ids of silences in which the state file is behind the program. */
interface Behind {
  readonly late: string[];
  readonly revived: string[];
}

/** The state files as soon as they hold every silence, and what the API says about them. */
export async function capture(context: CaptureContext): Promise<Capture> {
  const api = createAlertmanagerApi(context.url, context.signal);
  const seen = await waitForFile(context, api);
  await refuseWrongDirectory(context, api, seen.state);
  const cutoff = context.clock.now();
  const entries = await copyState(context.scratchDir, seen);
  return {
    cutoff: cutoff.toISOString(),
    entries,
    expectations: expectationsOf(seen, cutoff.getTime()),
    knownLoss: [...silenceLoss(seen), ...(await logLoss(api, seen.state, cutoff))],
    writer: { program: 'alertmanager', version: (await api.status()).version },
    // The copies lie in the scratch directory, which is not ours to remove.
    release: async () => undefined,
  };
}

async function waitForFile(context: CaptureContext, api: AlertmanagerApi): Promise<Seen> {
  const { clock, signal, onProgress } = context;
  const deadline = clock.monotonic() + LONGEST_WAIT_MS;
  for (let said = false; ; said = true) {
    const live = await api.silences();
    const state = await readState(context.dataDir);
    const now = clock.now().getTime();
    const behind = compareWithFile(live, state.silences?.content ?? [], now);
    const written = state.silences?.original.modifiedAt.getTime();
    const isRareWriter = written !== undefined && now - written > LONGEST_WAIT_MS;
    const isBehind = behind.late.length > 0 || behind.revived.length > 0;
    if (!isBehind || isRareWriter || clock.monotonic() > deadline) return { live, state, behind };
    if (!said) onProgress?.('waiting until Alertmanager has written its newest silences to disk');
    await clock.sleep(POLL_MS, signal);
  }
}

function compareWithFile(live: readonly Silence[], stored: readonly StoredSilence[], now: number): Behind {
  const onDisk = new Map(stored.map((silence) => [silence.id, silence]));
  const current = live.filter((silence) => isCurrent(Date.parse(silence.endsAt), now));
  const ids = new Set(current.map(({ id }) => id));
  return {
    late: current.filter((silence) => !isStored(silence, onDisk.get(silence.id))).map(({ id }) => id),
    revived: stored.filter(({ id, endsAt }) => isCurrent(endsAt, now) && !ids.has(id)).map(({ id }) => id),
  };
}

function isCurrent(endsAt: number, now: number): boolean {
  return endsAt > now;
}

/** The API cuts times off to milliseconds, or rounds them. */
function isStored(live: Silence, stored: StoredSilence | undefined): boolean {
  const same = (text: string, ms: number) => Math.abs(Date.parse(text) - ms) <= 1;
  return stored !== undefined && same(live.updatedAt, stored.updatedAt) && same(live.endsAt, stored.endsAt);
}

async function refuseWrongDirectory({ dataDir, clock }: CaptureContext, api: AlertmanagerApi, state: State) {
  if (state.silences && state.log) return;
  const metrics = await api.metrics();
  const startedAt = metrics.find(({ name }) => name === 'process_start_time_seconds')?.value;
  const runsMs = startedAt === undefined ? 0 : clock.now().getTime() - startedAt * 1000;
  if (runsMs > WRITTEN_BY_MS)
    throw notThere(
      dataDir,
      `Alertmanager runs for ${plural(Math.round(runsMs / 60_000), 'minute')} and has written no state there`,
    );
}

async function copyState(scratchDir: string, { live, state }: Seen): Promise<CaptureEntry[]> {
  const entries: CaptureEntry[] = [];
  for (const file of [state.silences, state.log]) {
    if (!file) continue;
    const copy = join(scratchDir, file.name);
    await writeCopy(copy, file.original);
    entries.push({ path: file.name, file: copy, class: 'mutable' });
  }
  const listed = join(scratchDir, LISTED_FILE);
  await writeFileAtomic(listed, `${JSON.stringify(live, undefined, 2)}\n`, { mode: 0o600 });
  return [...entries, { path: LISTED_FILE, file: listed, class: 'mutable' }];
}

function expectationsOf({ live, state, behind }: Seen, now: number): Expectation[] {
  const silences: SilenceFacts = {
    silences: live
      .filter(({ id, endsAt }) => isCurrent(Date.parse(endsAt), now) && !behind.late.includes(id))
      .map(({ id, matchers, createdBy, comment, startsAt, endsAt }) => ({
        id,
        matchers,
        createdBy,
        comment,
        startsAt,
        endsAt,
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    late: behind.late,
    revived: behind.revived,
  };
  const log: LogFacts = {
    entries: (state.log?.content ?? []).map(({ digest, expiresAt }) => [digest.slice(0, 16), expiresAt]),
  };
  return [
    { kind: SILENCES, subject: 'not expired', value: silences },
    { kind: LOG, subject: 'entries', value: log },
  ];
}

function silenceLoss({ live, behind }: Seen): string[] {
  const named = (id: string) => {
    const silence = live.find((one) => one.id === id);
    return silence ? `${id} (${JSON.stringify(silence.comment.slice(0, 60))} by ${silence.createdBy})` : id;
  };
  return [
    ...behind.late.map(
      (id) =>
        `the silence ${named(id)} was not yet in Alertmanager's file: it is only in ${LISTED_FILE} of the backup, to be made again by hand`,
    ),
    ...behind.revived.map(
      (id) =>
        `the silence ${named(id)} was ended by hand after Alertmanager wrote its file: a restore brings it back`,
    ),
  ];
}

async function logLoss(api: AlertmanagerApi, { log }: State, cutoff: Date): Promise<string[]> {
  const total = (name: string, metrics: Awaited<ReturnType<AlertmanagerApi['metrics']>>) =>
    metrics.reduce((sum, one) => (one.name === name ? sum + one.value : sum), 0);
  const metrics = await api.metrics();
  const sent =
    total('alertmanager_notifications_total', metrics) -
    total('alertmanager_notifications_failed_total', metrics);
  if (sent <= 0) return [];
  const effect = 'a notification sent since is sent once more after a restore';
  if (!log) return [`Alertmanager has not written its notification log yet: ${effect}`];
  const seconds = Math.max(0, Math.round((cutoff.getTime() - log.original.modifiedAt.getTime()) / 1000));
  return [`the notification log was written ${plural(seconds, 'second')} before the cut-off: ${effect}`];
}
