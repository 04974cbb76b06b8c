import { readFile } from 'node:fs/promises';
import { type HttpResponse, httpExchange } from '../platform/http.ts';
import { networkReason } from '../platform/network-reason.ts';
import { receiverErrors } from './errors.ts';

const TIMEOUT_MS = 10_000;
/** What providers answer is short; a page of a proxy may be long. */
const MAX_ANSWER_BYTES = 4 * 1024 ** 2;
const QUOTED = 200;

export interface Question {
  /** May hold a secret: only its host is ever shown. */
  readonly url: URL;
  /** Of whom is asked, in what is said of a failure: `receiver on-call, slack[0]`. */
  readonly whose: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** PEM file of the only authorities whose signature counts. */
  readonly caFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sends JSON, or asks; any answer is a result. Rejects with LS-RECEIVER-012 where there is none. */
export async function askProvider(question: Question): Promise<HttpResponse> {
  const { url, whose, body, signal, caFile } = question;
  try {
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    return await httpExchange(url, {
      method: question.method ?? 'POST',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...question.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(ca === undefined ? {} : { ca }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    // Without the cause, which may hold the URL.
    throw receiverErrors.error('LS-RECEIVER-012', {
      what: `${whose}: no answer from ${url.host}`,
      why: networkReason(error),
      fix: `look at the way there from this machine: curl -v ${url.protocol}//${url.host}/`,
    });
  }
}

/** The beginning of an answer, in one line, to be quoted. */
export function quoted(answer: string): string {
  const line = answer.replaceAll(/\s+/g, ' ').trim();
  if (line === '') return 'nothing';
  return `\`${line.length > QUOTED ? `${line.slice(0, QUOTED)}…` : line}\``;
}
