import type { HttpRequest } from '../platform/http.ts';
import { isUntrustedCertificate, networkReason } from '../platform/network-reason.ts';
import type { Secret } from './secret.ts';

/** How a server that wants to know its clients, or has a certificate of its own, is reached. */
export interface Connection {
  /** Base URL without credentials: may be shown. */
  readonly url: string;
  /** Value of the header `Authorization`. */
  readonly authorization?: Secret;
  /** PEM text of the only authorities that may sign its certificate; default: those that Node knows. */
  readonly ca?: string;
  /** Where leitstand.yaml says all this, for errors: `attach.prometheus`. */
  readonly settings: string;
}

/** What API clients take: a base URL, or one with credentials. */
export type Address = string | Connection;

/** What may be shown: the base URL without a user, a password and a last `/`. */
export function shownUrl(address: Address): string {
  const url = new URL(typeof address === 'string' ? address : address.url);
  [url.username, url.password] = ['', ''];
  return url.href.replace(/\/$/, '');
}

/** Of one exchange: the URL, and what `httpExchange` has to be told besides. `path` is relative, without a first `/`. */
export function exchangeOf(
  address: Address,
  path: string,
): { readonly url: URL; readonly access: Pick<HttpRequest, 'headers' | 'ca'> } {
  const base = typeof address === 'string' ? address : address.url;
  const url = new URL(path, base.endsWith('/') ? base : `${base}/`);
  if (typeof address === 'string') return { url, access: {} };
  const { authorization, ca } = address;
  return {
    url,
    access: {
      ...(authorization === undefined ? {} : { headers: { authorization: authorization.reveal() } }),
      ...(ca === undefined ? {} : { ca }),
    },
  };
}

/** Of an answer: errors quote it, and a server that echoes its requests would have them show the credentials. */
export function withoutCredentials(address: Address, text: string): string {
  const sent = credentialsOf(address);
  return sent === undefined ? text : text.replaceAll(sent, '<credentials>');
}

/** What follows `Basic` or `Bearer` in the request. */
function credentialsOf(address: Address): string | undefined {
  if (typeof address !== 'string') return address.authorization?.reveal().replace(/^\S+ /, '');
  const { username, password } = new URL(address);
  if (username === '' && password === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return Buffer.from(pair).toString('base64');
}

/** Why a server was not reached and what to do; `own` is the fix for a program that Leitstand runs. */
export function unreachable(address: Address, error: unknown, own: string) {
  const why = networkReason(error);
  if (typeof address === 'string') return { why, fix: own };
  const { settings, ca } = address;
  if (!isUntrustedCertificate(error))
    return {
      why,
      fix: `check \`url\` under ${settings}, then ask who runs it`,
    };
  return {
    why,
    fix:
      ca === undefined
        ? `put the PEM file of the authority that signed its certificate into \`ca_file\` under ${settings}`
        : `check that \`ca_file\` under ${settings} is of the authority that signed the certificate it has today`,
  };
}

/** What to do about 401 and 403; `own` as for `unreachable`. */
export function refusedFix(address: Address, status: number, own: string): string {
  if (typeof address === 'string') return own;
  const { settings, authorization } = address;
  if (authorization === undefined)
    return `give it \`username\` and \`password\`, or \`bearer_token\`, under ${settings}`;
  return status === 401
    ? `check \`username\` and \`password\`, or \`bearer_token\`, under ${settings}`
    : `the credentials under ${settings} are known and not enough: ask who runs it to let this user read`;
}
