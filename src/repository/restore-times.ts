const NS = 1_000_000_000n;

/**
 * A modification time (nanoseconds since 1970, as text) as what fs.utimes takes: seconds, which go through a double, so
 * that a nanosecond cannot be told exactly. The next one that is not earlier: less than a quarter of a microsecond later
 * until 2038, and the same millisecond where the original was a whole one.
 */
export function utimeOf(mtime: string): number | string {
  const wanted = BigInt(mtime);
  if (wanted >= 0n) return utimeSince1970(Number(wanted / NS), Number(wanted % NS));
  let seconds = Number(wanted) / 1e9;
  // Two steps at most: the quotient is the nearest double or its neighbour.
  while (Number.isFinite(seconds) && nanosecondsOf(seconds) < wanted) seconds = nextAfter(seconds);
  // A negative number means "now" to Node; the same as text does not.
  return seconds < 0 ? String(seconds) : seconds;
}

/** The same for a time since 1970 in two numbers: there may be millions of them. */
export function utimeSince1970(seconds: number, nanoseconds: number): number {
  let time = seconds + nanoseconds / 1e9;
  while (isBefore(time, seconds, nanoseconds)) time = nextAfter(time);
  return time;
}

function isBefore(time: number, seconds: number, nanoseconds: number): boolean {
  const whole = Math.trunc(time);
  return whole < seconds || (whole === seconds && Math.trunc((time - whole) * 1e9) < nanoseconds);
}

/** What libuv hands to the system. */
function nanosecondsOf(seconds: number): bigint {
  const whole = Math.trunc(seconds);
  return BigInt(whole) * NS + BigInt(Math.trunc((seconds - whole) * 1e9));
}

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The next greater double. */
function nextAfter(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  double[0] = value;
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? 1n : -1n);
  return double[0];
}
