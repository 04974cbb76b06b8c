import { isSalvaged } from '../../stack/stack.ts';
import { DOCTOR_CHECKS } from './checks.ts';
import { type DoctorCheck, type DoctorLine, type DoctorVerdict, type DoctorWorld, unknown } from './check.ts';

/** How long a check may take before its answer is "unknown". */
const CHECK_DEADLINE_MS = 3_000;

export interface DoctorFinding extends DoctorLine {
  readonly check: string;
}

export interface DoctorReport {
  /** In the order of the checks. */
  readonly findings: readonly DoctorFinding[];
  readonly counts: Readonly<Record<DoctorVerdict, number>>;
  /** `unknown` when nothing failed, and something that the stack depends on could not be looked at. */
  readonly verdict: 'ok' | 'fail' | 'unknown';
}

type Looker = Omit<DoctorWorld, 'signal'>;

/** Runs all checks side by side; none can hold up or bring down the others. */
export async function runDoctor(
  world: Looker & { readonly signal: AbortSignal },
  checks: readonly DoctorCheck[] = DOCTOR_CHECKS,
  deadlineMs = CHECK_DEADLINE_MS,
): Promise<DoctorReport> {
  const lines = await Promise.all(
    checks.map(async (check) => {
      const found = await look(check, world, deadlineMs);
      return found.map((line) => ({ check: check.name, ...line }));
    }),
  );
  world.signal.throwIfAborted();
  const findings = lines.flat();
  const count = (verdict: DoctorVerdict) => findings.filter((line) => line.verdict === verdict).length;
  const counts = { ok: count('ok'), warn: count('warn'), fail: count('fail'), unknown: count('unknown') };
  const open = findings.some(({ verdict, matters }) => verdict === 'unknown' && matters === true);
  return { findings, counts, verdict: counts.fail > 0 ? 'fail' : open ? 'unknown' : 'ok' };
}

async function look(
  check: DoctorCheck,
  world: Looker & { readonly signal: AbortSignal },
  deadlineMs: number,
): Promise<readonly DoctorLine[]> {
  const { stack } = world;
  if (check.needs !== 'host' && !stack) return [];
  if (check.needs === 'stack' && stack && isSalvaged(stack)) {
    return [
      unknown(check.title, 'the file has mistakes: what the stack needs is not known', { matters: true }),
    ];
  }
  const deadline = new AbortController();
  const pass = () => deadline.abort(world.signal.reason);
  world.signal.addEventListener('abort', pass, { once: true });
  const timer = world.clock.sleep(deadlineMs, deadline.signal).then(
    () => 'late' as const,
    () => 'late' as const,
  );
  try {
    const lines = await Promise.race([check.run({ ...world, signal: deadline.signal }), timer]);
    if (lines !== 'late') return lines;
    return [unknown(check.title, `no answer within ${deadlineMs / 1000} s`, { matters: true })];
  } catch (error) {
    // What the system refuses here is an answer about this machine, and no reason to hide the others.
    return [unknown(check.title, `cannot be looked at: ${(error as Error).message}`, { matters: true })];
  } finally {
    world.signal.removeEventListener('abort', pass);
    deadline.abort();
  }
}
