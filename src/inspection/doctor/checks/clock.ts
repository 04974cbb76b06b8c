import { exists } from '../../../platform/files.ts';
import { httpExchange } from '../../../platform/http.ts';
import { type DoctorCheck, type DoctorLine, type DoctorWorld, fail, ok, unknown, warn } from '../check.ts';
import { targetsOf } from './targets.ts';

/** The header Date has whole seconds. */
const EXACT_MS = 2_000;
/** Beyond it, Prometheus refuses samples of others, and certificates and tokens fail. */
const WRONG_MS = 60_000;
const TIMEOUT_MS = 2_000;
const FIX = 'timedatectl set-ntp true; in a virtual machine or container, on its host';

export const clockCheck: DoctorCheck = {
  name: 'clock',
  title: 'clock',
  needs: 'host',
  run: async (world) => {
    const [synchronised, drift] = await Promise.all([readSynchronised(world), measureDrift(world)]);
    const isKnown = drift?.verdict === 'ok';
    return [
      synchronisedLine(synchronised, { matters: !isKnown && world.stack?.environment === 'production' }),
      ...(drift ? [drift] : []),
    ];
  },
};

/** Undefined when nobody here knows: in a container the clock is its host's. */
async function readSynchronised({ run, env }: DoctorWorld): Promise<boolean | undefined> {
  const answer = await run('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], {
    env: { PATH: env['PATH'], LC_ALL: 'C' },
    timeoutMs: TIMEOUT_MS,
  }).catch(() => undefined);
  const word = answer?.stdout.trim();
  if (word === 'yes') return true;
  if (word === 'no') return false;
  // Touched by systemd-timesyncd at each synchronisation since boot: systemd-timesyncd.service(8).
  return (await exists('/run/systemd/timesync/synchronized')) ? true : undefined;
}

function synchronisedLine(
  synchronised: boolean | undefined,
  { matters }: { readonly matters: boolean },
): DoctorLine {
  if (synchronised === true) return ok('clock', 'synchronised with a time server');
  if (synchronised === false) {
    return warn('clock', 'not synchronised with a time server', { wanted: 'NTP', fix: FIX });
  }
  return unknown('clock', 'neither timedatectl nor systemd-timesyncd tell whether it is synchronised', {
    matters,
    fix: 'look at what keeps the time of this machine: `chronyc tracking`, `ntpq -p`; of a container, on its host',
  });
}

/** Against the first receiver that speaks HTTPS: its host is asked for `/`, without anything of the receiver's URL. */
async function measureDrift({ stack, clock, signal }: DoctorWorld): Promise<DoctorLine | undefined> {
  const target =
    stack && targetsOf(stack).find(({ usesTls, isLoopback, port }) => usesTls && !isLoopback && port !== 465);
  if (!target) return undefined;
  const before = clock.now().getTime();
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const answer = await httpExchange(`https://${host}:${target.port}/`, {
    method: 'HEAD',
    timeoutMs: TIMEOUT_MS,
    signal,
  }).catch(() => undefined);
  const theirs = Date.parse(String(answer?.headers['date']));
  const subject = `clock, against ${target.host}`;
  if (Number.isNaN(theirs)) return unknown(subject, 'it told no time', { matters: false });
  // Their time was told somewhere between our question and its answer, and is cut to the second.
  const drift = driftMs(before, clock.now().getTime(), theirs);
  const found =
    drift === 0
      ? 'agrees to the second'
      : `${Math.abs(drift / 1000).toFixed(1)} s ${drift > 0 ? 'ahead' : 'behind'}`;
  if (Math.abs(drift) > WRONG_MS) return fail(subject, found, { wanted: 'the right time', fix: FIX });
  return Math.abs(drift) > EXACT_MS
    ? warn(subject, found, { wanted: 'the right time', fix: FIX })
    : ok(subject, found);
}

/** The least by which our clock is off, given when we asked and when we had the answer; 0 when it may be right. */
export function driftMs(before: number, after: number, theirs: number): number {
  if (before > theirs + 1_000) return before - (theirs + 1_000);
  return after < theirs ? after - theirs : 0;
}
