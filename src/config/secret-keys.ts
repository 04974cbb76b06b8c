import type { Path } from './schema-tree.ts';

/** Keys of Prometheus' and Alertmanager's own formats under which a secret stands; with `_file` behind them, a path does. */
const SECRET_KEY =
  /(?:^|_)(?:password|passphrase|secrets?|token|token_id|credentials|api_key|user_key|secret_key|certificate_key|webhook_url)$/;
const HEADERS = ['http_headers', 'proxy_connect_header'];

/** A URL with a password in it. */
function hasLogin(text: string): boolean {
  return /:\/\/[^/@\s:]*:[^/@\s]+@/.test(text);
}

/**
 * Whether a value in Prometheus' or Alertmanager's own format may be a secret: by its key, as a header, as a key of TLS,
 * or as the login of a URL.
 */
export function mayBeSecret(path: Path, value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  const keys = path.filter((step) => typeof step === 'string');
  const key = keys.at(-1) ?? '';
  return (
    SECRET_KEY.test(key) ||
    (key === 'key' && keys.at(-2) === 'tls_config') ||
    (isInHeaders(path) && key !== 'files') ||
    (typeof value === 'string' && hasLogin(value))
  );
}

/** Below the headers of a request. */
export function isInHeaders(path: Path): boolean {
  return path.some((step) => HEADERS.includes(String(step)));
}

/** Whether anything in a scrape job may be one. */
export function holdsSecret(value: unknown, path: Path = []): boolean {
  if (value === null || typeof value !== 'object') return mayBeSecret(path, value);
  return Object.entries(value).some(([key, below]) =>
    holdsSecret(below, Array.isArray(value) ? path : [...path, key]),
  );
}
