/** When a line was written, by its own words. */
export interface LineTime {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** Nanoseconds since 1970, as text: the same line has the same time whenever it is read. */
  readonly ns: string;
}

/** Times stand early in a line; a long line is not searched to its end. */
const SEARCHED = 300;
const MOMENT = String.raw`(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\d*(Z|[+-]\d\d:?\d\d)`;
/** VictoriaLogs, Loki's own: the line begins with it. */
const AT_START = new RegExp(`^${MOMENT}`);
/** go-kit's and slog's logfmt (`ts=`, `time=`), and JSON. */
const NAMED = new RegExp(`(?:^|[\\s{,])"?(?:ts|time|timestamp)"?[=:]\\s?"?${MOMENT}`);

/** Undefined when the line has no time, or one without a zone, which could be any. */
export function timeOfLine(line: string): LineTime | undefined {
  const head = line.length > SEARCHED ? line.slice(0, SEARCHED) : line;
  const match = AT_START.exec(head) ?? NAMED.exec(head);
  if (!match) return undefined;
  const [, date, time, fraction = '', zone] = match;
  const whole = Date.parse(`${date}T${time}${zone}`);
  if (Number.isNaN(whole) || whole < 0) return undefined;
  const nanos = fraction.padEnd(9, '0');
  return { ms: whole + Number(nanos.slice(0, 3)), ns: `${whole / 1000}${nanos}` };
}
