import { posix } from 'node:path';

/**
 * Whether a path (relative, with `/`) is meant by a pattern: `*` and `?` within a name, `**` over names, `[a-c]`,
 * `{a,b}`. A pattern without `/` is about a name anywhere; one with `/` begins at the top. What is below a directory that
 * is meant is meant as well.
 */
export function matchesPath(path: string, pattern: string): boolean {
  const glob = visible(pattern.replace(/^\/+|\/+$/g, ''));
  const names = visible(path).split('/');
  if (!pattern.replace(/\/+$/, '').includes('/')) return names.some((name) => posix.matchesGlob(name, glob));
  return names.some((_, i) => posix.matchesGlob(names.slice(0, i + 1).join('/'), glob));
}

/** Node's `*` passes over names with a dot in front, and has no way to be told otherwise: the dot becomes a private sign. */
function visible(text: string): string {
  return text.replaceAll(/(^|[/{,])\./g, '$1\u{e000}');
}
