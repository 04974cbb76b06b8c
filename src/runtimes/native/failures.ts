import { LeitstandError, LeitstandErrors, systemErrorCode } from '../../platform/errors.ts';
import { formatElapsed } from '../../platform/units.ts';
import { runtimeErrors } from './errors.ts';
import { lastLines } from './log-file.ts';

const LOG_LINES = 10;

export interface Ended {
  readonly component: string;
  /** `exited with code 1`. */
  readonly how: string;
  readonly logPath: string;
  /** Bytes of the log that belong to earlier runs. */
  readonly logOffset: number;
}

/** LS-RUNTIME-002 with what the program wrote since this start. */
export async function doesNotStart(ended: Ended): Promise<LeitstandError> {
  const lines = await lastLines(ended.logPath, LOG_LINES, ended.logOffset);
  return runtimeErrors.error('LS-RUNTIME-002', {
    what: `${ended.component} does not start: it ${ended.how}`,
    why: lines.length === 0 ? 'it wrote nothing to its log' : 'its last log lines are below',
    where: { file: ended.logPath },
    fix: `correct the cause in leitstand.yaml and run \`leitstand up\` again; more of the log: \`leitstand logs ${ended.component}\``,
    detail: lines,
  });
}

/** LS-RUNTIME-003; the program is left running. */
export async function notReadyInTime(
  late: Omit<Ended, 'how'> & { readonly reason: string; readonly waitedMs: number; readonly pid: number },
): Promise<LeitstandError> {
  return runtimeErrors.error('LS-RUNTIME-003', {
    what: `${late.component} runs (pid ${late.pid}), but is not ready after ${formatElapsed(late.waitedMs)}`,
    why: late.reason,
    where: { file: late.logPath },
    fix: `it is left running; see whether it becomes ready with \`leitstand status\`, and what it does with \`leitstand logs ${late.component}\``,
    detail: await lastLines(late.logPath, LOG_LINES, late.logOffset),
  });
}

export function refusesReload(component: string, answer: string): LeitstandError {
  return runtimeErrors.error('LS-RUNTIME-004', {
    what: `${component} refuses its new files and goes on with the former ones`,
    why: answer,
    fix: 'correct leitstand.yaml and run `leitstand up` again; do not restart it before, since it would not start',
  });
}

/**
 * What a full disk or a wrong owner of the state directory looks like, LS-RUNTIME-010; anything else stays as it is.
 * `what` says what could not be done therefore.
 */
export function cannotWrite(what: string, error: unknown): unknown {
  if (systemErrorCode(error) === undefined || !(error instanceof Error)) return error;
  return runtimeErrors.error('LS-RUNTIME-010', {
    what: `${what}: the state directory cannot be written`,
    why: error.message,
    fix: 'make room on the disk (`df -h`) or give the state directory back to the user who runs Leitstand (`ls -la`), then run the command again',
    cause: error,
  });
}

/** All failures, each once; a failure that is not ours goes first, since it is a bug or a cancellation. */
export function throwFailures(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  const foreign = failures.find((failure) => !(failure instanceof LeitstandError));
  if (foreign !== undefined) throw foreign;
  const ours = failures.filter((failure) => failure instanceof LeitstandError);
  const [first] = ours;
  if (first) throw ours.length === 1 ? first : new LeitstandErrors(ours);
}

/** Why a start failed, in one line for `status`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof LeitstandError)) return error.message;
  return error.details.what;
}
