import type { Path } from './schema-tree.ts';

/** Keys of Prometheus' and Alertmanager's own formats under which a secret stands; with `_file` behind them, a path does. */
const SECRET_KEY =
  /(?:^|_)(?:password|passphrase|secrets?|token|token_id|credentials|api_key|user_key|secret_key|webhook_url)$/;

/** Whether a secret stands under this key where no schema says so. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** A URL with a password in it. */
export function hasLogin(text: string): boolean {
  return /:\/\/[^/@\s:]*:[^/@\s]+@/.test(text);
}

/** Whether a value of a scrape job may be a secret: by its key, as a header, or as the login of a URL. */
export function mayBeSecret(path: Path, value: unknown): boolean {
  const key = path.findLast((step) => typeof step === 'string') ?? '';
  if (typeof value !== 'string') return typeof value === 'number' && isSecretKey(key);
  return isSecretKey(key) || path.includes('http_headers') || hasLogin(value);
}

/** Whether anything in a scrape job may be one. */
export function holdsSecret(value: unknown, path: Path = []): boolean {
  if (value === null || typeof value !== 'object') return mayBeSecret(path, value);
  return Object.entries(value).some(([key, below]) =>
    holdsSecret(below, Array.isArray(value) ? path : [...path, key]),
  );
}
