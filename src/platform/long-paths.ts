import { closeSync, constants, openSync } from 'node:fs';

/** PATH_MAX of Linux is 4096 with the closing NUL: the kernel takes no longer path at once. */
const LONGEST_BYTES = 4095;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;
const SLASH = 0x2f;
/** Of a UTF-16 code unit in UTF-8, at most. */
const UNIT_BYTES = 3;

/**
 * Calls with a way to the absolute path that the kernel takes, however long it is: a longer one is walked part by part,
 * through descriptors (proc(5): /proc/self/fd). The way is good during the call.
 */
export function byWay<Result>(path: string | Buffer, use: (way: string | Buffer) => Result): Result {
  if (typeof path === 'string')
    return path.length * UNIT_BYTES <= LONGEST_BYTES ? use(path) : byWay(Buffer.from(path), use);
  if (path.length <= LONGEST_BYTES) return use(path);
  const cut = path.lastIndexOf(SLASH, LONGEST_BYTES);
  const directory = openSync(path.subarray(0, cut), DIRECTORY);
  try {
    return byWay(Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), path.subarray(cut + 1)]), use);
  } finally {
    closeSync(directory);
  }
}
