/** A failed attempt in Alertmanager's log. */
export interface FailedAttempt {
  readonly receiver: string;
  /** `slack[0]` */
  readonly integration: string;
  /** Without the URLs that the line may hold: they are secrets. */
  readonly reason: string;
  /** The notification ended with it: refused for good, or tried for as long as Alertmanager does. Absent: it goes on. */
  readonly end?: 'refused' | 'exhausted';
  /** Labels of the alert group, where the line names them (since 0.28). */
  readonly group?: string;
}

const TIME = /\b(?:ts|time)=(\S+)/;
const ATTEMPT = /\breceiver="?([^\s"]+)"? integration="?([a-z]+\[\d+\])"?/;
const FINAL = /([\w.-]+)\/([a-z]+\[\d+\]): (?:notify retry canceled([^:]*): )?([^;]*)/g;
const ERROR = /\berr=("(?:[^"\\]|\\.)*"|\S+)/;
const GROUP = /\baggrGroup=("(?:[^"\\]|\\.)*"|\S+)/;
/** Alertmanager hides Slack's URLs itself; up to 0.27 it logs those of webhooks as they are. */
const URL_TAIL = /\b(https?:\/\/)(?:[^\s"/@]*@)?([^\s"/?#]*)[^\s"]*/g;

/**
 * Failures that Alertmanager logged since a moment, by attempt ("will retry later") and at the end ("Notify for
 * alerts failed"). Both of its log formats: `ts=… caller=…` up to 0.27, `time=… level=…` since 0.28.
 */
export function failedAttempts(lines: readonly string[], since: Date): FailedAttempt[] {
  const failures: FailedAttempt[] = [];
  for (const line of lines) {
    const at = Date.parse(TIME.exec(line)?.[1] ?? '');
    const error = ERROR.exec(line)?.[1];
    if (!(at >= since.getTime()) || error === undefined) continue;
    const reason = unquote(error);
    const labels = groupLabels(line);
    const group = labels === undefined ? {} : { group: labels };
    const attempt = ATTEMPT.exec(line);
    if (attempt?.[1] !== undefined && attempt[2] !== undefined) {
      const [, receiver, integration] = attempt;
      failures.push({ receiver, integration, reason: tidied(reason), ...group });
      continue;
    }
    for (const [, receiver = '', integration = '', how = '', why = ''] of withoutUrls(reason).matchAll(
      FINAL,
    )) {
      const end = how.includes('unrecoverable') ? 'refused' : 'exhausted';
      failures.push({ receiver, integration, reason: tidied(why), end, ...group });
    }
  }
  return failures;
}

export function isOf(
  { receiver, integration }: FailedAttempt,
  one: { readonly receiver: string; readonly type: string; readonly index: number },
): boolean {
  return receiver === one.receiver && integration === `${one.type}[${one.index}]`;
}

/** False when the attempt is known to be about other alerts than those with the nonce. */
export function mayConcern({ group }: FailedAttempt, nonce: string): boolean {
  return group === undefined || !group.includes('alertname=') || group.includes(nonce);
}

function groupLabels(line: string): string | undefined {
  const key = GROUP.exec(line)?.[1];
  return key === undefined ? undefined : unquote(key).replace(/^.*?:\{/, '');
}

function unquote(text: string): string {
  return text.startsWith('"')
    ? text.slice(1, -1).replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? ' ' : c))
    : text;
}

/** Without secrets, and without the name of a channel that has none. */
function tidied(reason: string): string {
  return withoutUrls(reason)
    .replace(/^\s*channel "": /, '')
    .trim();
}

function withoutUrls(reason: string): string {
  return reason.replaceAll(URL_TAIL, '$1$2/…');
}
