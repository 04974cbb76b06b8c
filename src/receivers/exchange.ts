import { type HttpResponse, httpExchange } from '../platform/http.ts';
import { isUntrustedCertificate, networkReason } from '../platform/network-reason.ts';
import { redacted, secretParts } from '../stack/redaction.ts';
import type { Secret } from '../stack/secret.ts';
import { authorities } from './authorities.ts';
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
  /** What the question holds of secrets: an answer that repeats one is handed on without it. */
  readonly secrets: readonly Secret[];
  /** PEM file of the only authorities whose signature counts; undefined: those of the system. */
  readonly caFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends JSON, or asks; any answer is a result. Rejects with LS-RECEIVER-012 where there is none, and with LS-RECEIVER-014
 * when `caFile` cannot be read.
 */
export async function askProvider(question: Question): Promise<HttpResponse> {
  const { url, whose, body, secrets, signal } = question;
  const isEncrypted = url.protocol === 'https:';
  const ca = isEncrypted ? await authorities(question.caFile, { whose, server: url.host }) : undefined;
  let response: HttpResponse;
  try {
    response = await httpExchange(url, {
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
      fix: isUntrustedCertificate(error)
        ? 'if the authority is your own, or that of a proxy on the way, name its PEM file with `ca_file`'
        : `look at the way there from this machine: curl -v ${url.protocol}//${url.host}/`,
    });
  }
  return { ...response, body: redacted(response.body, secrets.flatMap(partsOf)) };
}

/** `Cannot POST /services/T0/B0/key` */
function partsOf(secret: Secret): readonly string[] {
  const value = secret.reveal();
  const url = URL.parse(value);
  return [value, ...(url ? secretParts(url) : [])];
}

/** The beginning of an answer, in one line, to be quoted. */
export function quoted(answer: string): string {
  const line = answer.replaceAll(/\s+/g, ' ').trim();
  if (line === '') return 'nothing';
  return `\`${line.length > QUOTED ? `${line.slice(0, QUOTED)}…` : line}\``;
}
