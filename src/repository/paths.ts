/** True for a relative path with `/` that stays below wherever it is put: no empty, `.` or `..` segment, no NUL. */
export function isSafePath(path: string): boolean {
  if (path.includes('\0')) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}
