/** True for a relative path with `/` that stays below wherever it is put: no empty, `.` or `..` segment, no NUL. */
export function isSafePath(path: string): boolean {
  return !UNSAFE.test(path);
}

const UNSAFE = /\0|(?:^|\/)\.{0,2}(?:\/|$)/;
