import { LeitstandError } from '../../platform/errors.ts';
import { type HttpResponse, httpExchange } from '../../platform/http.ts';
import {
  type Connection,
  exchangeOf,
  refusedFix,
  shownUrl,
  unreachable,
  withoutCredentials,
} from '../../stack/connection.ts';
import type { ComponentStatus } from '../../stack/runtime.ts';
import { externalErrors } from './errors.ts';
import { type AttachableProgram, attachablePrograms } from './programs.ts';

const TIMEOUT_MS = 2_000;
/** An Alertmanager's status holds its whole configuration. */
const MAX_BYTES = 16 * 1024 ** 2;

/** What a row of a table says, which names program and URL already. */
const SHORT: Readonly<Record<string, string>> = {
  'LS-EXTERNAL-003': 'could not reach it',
  'LS-EXTERNAL-004': 'refuses the credentials',
  'LS-EXTERNAL-005': 'something else answers there',
  'LS-EXTERNAL-006': 'says that it is not ready',
};

/** One look at an attached program. What could not be asked is `unknown`; only its own "not ready" is `failing`. */
export async function probeAttached(component: string, connection: Connection): Promise<ComponentStatus> {
  const base = { component, url: shownUrl(connection), restarts: 0 };
  try {
    const version = await askVersion(component, connection);
    return { ...base, state: 'ready', ...(version === '' ? {} : { version }) };
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    const { why, fix } = error.details;
    return {
      ...base,
      state: error.code === 'LS-EXTERNAL-006' ? 'failing' : 'unknown',
      reason: [SHORT[error.code], why, fix].filter((part) => part !== undefined).join('; '),
      code: error.code,
    };
  }
}

/**
 * The version of the program that answers there, empty where its build does not say. Rejects with LS-EXTERNAL-003 (not
 * reached), -004 (401, 403), -005 (not that program) or -006 (not ready).
 */
export async function askVersion(component: string, connection: Connection): Promise<string> {
  const program = attachablePrograms.get(component);
  if (!program) throw new TypeError(`the configuration was accepted with an unknown program: ${component}`);
  const [ready, identity] = await Promise.all([
    ask(program, connection, program.ready),
    ask(program, connection, program.identity),
  ]);
  if (ready.status === 503) throw notReady(program, connection, ready);
  if (ready.status !== 200) throw notIt(program, connection, program.ready, ready);
  try {
    return program.version(JSON.parse(identity.body));
  } catch {
    throw notIt(program, connection, program.identity, identity);
  }
}

async function ask(program: AttachableProgram, connection: Connection, path: string): Promise<HttpResponse> {
  const { url, access } = exchangeOf(connection, path);
  let response: HttpResponse;
  try {
    response = await httpExchange(url, { ...access, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
  } catch (error) {
    throw externalErrors.error('LS-EXTERNAL-003', {
      what: `could not reach ${program.title} at ${shownUrl(connection)}`,
      ...unreachable(connection, error, ''),
      cause: error,
    });
  }
  const { status } = response;
  if (status !== 401 && status !== 403)
    return { ...response, body: withoutCredentials(connection, response.body) };
  throw externalErrors.error('LS-EXTERNAL-004', {
    what: `${program.title} at ${shownUrl(connection)} refuses the credentials`,
    why: `it answered ${status}`,
    fix: refusedFix(connection, status, ''),
  });
}

function notReady({ title }: AttachableProgram, connection: Connection, { body }: HttpResponse) {
  return externalErrors.error('LS-EXTERNAL-006', {
    what: `${title} at ${shownUrl(connection)} says that it is not ready`,
    why: firstLine(body) || 'it answered 503',
    fix: 'ask who runs it when it stays so',
  });
}

function notIt({ title }: AttachableProgram, connection: Connection, path: string, response: HttpResponse) {
  return externalErrors.error('LS-EXTERNAL-005', {
    what: `what answers at ${shownUrl(connection)} is not ${title}`,
    why: `/${path}: ${describe(response)}`,
    fix: `check \`url\` under ${connection.settings}: host, port and path prefix`,
  });
}

function describe({ status, headers, body }: HttpResponse): string {
  const { location } = headers;
  if (status >= 300 && status < 400 && typeof location === 'string')
    // Without its query, which may hold a session.
    return `status ${status}, it sends elsewhere (${location.replace(/[?#].*/s, '')}): is it a login page?`;
  if (/^\s*<(!doctype|html)/i.test(body)) return `status ${status}, a web page and no answer of its API`;
  return `status ${status}: ${firstLine(body) || '(empty)'}`;
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 200) ?? '';
}
