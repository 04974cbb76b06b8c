import { crc32 } from 'node:zlib';

/** Unchanged content is read again in so many shares, one a day. */
const SHARES = 30;
const DAY_MS = 86_400_000;

/** Whether a part of an unchanged file is read again by this run. */
export type IsDue = (path: string, piece: number) => boolean;

/**
 * One share for each day since the last run, that of today among them unless that run was today: so everything is read within
 * 30 days, however often runs come. `lastRun` is not later than when that run looked. Parts of 4 MiB take turns, so that the
 * shares of a few large files are alike as well. Undefined: nothing is due.
 */
export function dueForRereading(lastRun: Date, now: Date): IsDue | undefined {
  const today = Math.floor(now.getTime() / DAY_MS);
  const last = Math.floor(lastRun.getTime() / DAY_MS);
  // A run of tomorrow says nothing: the clock was wrong, then or now.
  const days = last > today ? 1 : Math.min(SHARES, today - last);
  if (days === 0) return undefined;
  return (path, piece) => {
    const share = (crc32(path) + piece) % SHARES;
    return (((today - share) % SHARES) + SHARES) % SHARES < days;
  };
}
