/** A failed attempt in Alertmanager's log. */
export interface FailedAttempt {
  readonly receiver: string;
  /** `slack[0]` */
  readonly integration: string;
  readonly reason: string;
}

const TIME = /\b(?:ts|time)=(\S+)/;
const ATTEMPT = /\breceiver="?([^\s"]+)"? integration="?([a-z]+\[\d+\])"?/;
const FINAL = /([\w.-]+)\/([a-z]+\[\d+\]): (?:notify retry canceled[^:]*: )?([^;]*)/g;
const ERROR = /\berr="((?:[^"\\]|\\.)*)"|\berr=(\S+)/;

/**
 * Failures that Alertmanager logged since a moment, by attempt ("will retry later") and at the end ("Notify for
 * alerts failed"). Both of its log formats: 0.25 (`ts=… caller=…`) and 0.28 and newer (`time=… level=…`). URLs are
 * already `<redacted>` there.
 */
export function failedAttempts(lines: readonly string[], since: Date): FailedAttempt[] {
  const failures: FailedAttempt[] = [];
  for (const line of lines) {
    const at = Date.parse(TIME.exec(line)?.[1] ?? '');
    const error = ERROR.exec(line);
    if (!(at >= since.getTime()) || !error) continue;
    const reason = (error[1] ?? error[2] ?? '').replaceAll('\\"', '"').replaceAll('\\\\', '\\');
    const attempt = ATTEMPT.exec(line);
    if (attempt?.[1] !== undefined && attempt[2] !== undefined) {
      failures.push({ receiver: attempt[1], integration: attempt[2], reason });
      continue;
    }
    for (const [, receiver = '', integration = '', why = ''] of reason.matchAll(FINAL)) {
      failures.push({ receiver, integration, reason: why.trim() });
    }
  }
  return failures;
}
