import { UNFINISHED_MARK } from '../../platform/files.ts';

/** Names come from hashes and ids; one that leaves its place is a bug of the caller: throws a TypeError. */
export function assertObjectName(name: string): string {
  const isSafe = name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isSafe || name.includes('\0') || name.includes(UNFINISHED_MARK))
    throw new TypeError(`not an object name: ${JSON.stringify(name)}`);
  return name;
}
