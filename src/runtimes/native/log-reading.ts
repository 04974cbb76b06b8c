import type { Clock } from '../../platform/clock.ts';
import type { LogLine, LogRequest } from '../../stack/runtime.ts';
import type { NativeLayout } from './layout.ts';
import { LogFollower, type TimedLine } from './log-follower.ts';

const POLL_MS = 250;

/** As `Runtime.logs` promises; the files are all it takes. */
export async function* readLogs(
  layout: NativeLayout,
  clock: Clock,
  request: LogRequest,
): AsyncGenerator<LogLine> {
  const { components, lines, since, follow, signal } = request;
  const logs = components.map((component) => ({
    component,
    follower: new LogFollower(layout.log(component), clock),
  }));
  const gather = async (read: (follower: LogFollower) => Promise<TimedLine[]>) =>
    inOrder(await Promise.all(logs.map(async (log) => ({ ...log, found: await read(log.follower) }))));
  yield* await gather((follower) => follower.begin(lines, since));
  while (follow && signal?.aborted !== true) {
    yield* await gather((follower) => follower.read());
    await clock.sleep(POLL_MS, signal).catch(() => undefined);
  }
}

/** By time; lines of one component stay in their order. */
function inOrder(logs: readonly { component: string; found: readonly TimedLine[] }[]): LogLine[] {
  const all = logs.flatMap(({ component, found }) => found.map((line) => ({ component, ...line })));
  if (logs.length > 1) all.sort((a, b) => (a.ms ?? 0) - (b.ms ?? 0));
  return all.map(({ component, text, ms }) => ({
    component,
    text,
    ...(ms === undefined ? {} : { at: new Date(ms).toISOString() }),
  }));
}
