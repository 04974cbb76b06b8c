import { isAbsolute, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What a program that we start needs of our environment. Secrets often are environment variables: nothing else is
 * handed on.
 */
const HANDED_ON =
  /^(?:PATH|HOME|USER|LOGNAME|TMPDIR|LANG|LC_[A-Z]+|TZ|XDG_CACHE_HOME|SSL_CERT_(?:FILE|DIR)|(?:https?|all|no|ftp)_proxy|GO[A-Z0-9]*|CGO_[A-Z]+)$/i;

export function childEnvironment(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => HANDED_ON.test(name)));
}

/**
 * Where Leitstand keeps what can be had again: `LEITSTAND_CACHE_DIR`, else `leitstand` in `XDG_CACHE_HOME` or in
 * `~/.cache`. Empty and relative values are ignored, as the XDG base directory specification says. `home` is the
 * user's home directory for when HOME says nothing.
 */
export function cacheDirectory(env: Environment, home: string): string {
  const own = env['LEITSTAND_CACHE_DIR'];
  if (own !== undefined && isAbsolute(own)) return own;
  const [xdg, stated] = [env['XDG_CACHE_HOME'], env['HOME']];
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'leitstand');
  return join(stated !== undefined && isAbsolute(stated) ? stated : home, '.cache', 'leitstand');
}
