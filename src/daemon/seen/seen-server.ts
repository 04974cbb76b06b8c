import type { IncomingMessage, ServerResponse } from 'node:http';
import { readSighting, recordSighting, type SightingState } from '../../history/sightings.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Language } from '../../stack/language.ts';
import { Allowance } from './allowance.ts';
import { SEEN_HEADERS, seenPage } from './page.ts';
import type { SeenView } from './texts.ts';

export const SEEN_PREFIX = '/seen/';

/** 128 bits; `src/delivery/sightings.ts` makes them. */
const TOKEN = /^[0-9a-f]{32}$/;

/** Behind a proxy every caller looks alike: all share these. Those who have a link are never stopped by those who guess. */
const ALL = { burst: 100, perSecond: 20 };
const GUESSES = { burst: 30, perSecond: 0.5 };

export interface SeenServerOptions {
  readonly database: string;
  readonly clock: Clock;
  /** Undefined while there is no such page. */
  readonly language: () => Language | undefined;
  /** One line for the log of the daemon. */
  readonly say: (text: string) => void;
}

export type SeenServer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * The page on which a person says that a test alert was seen. Looking at it counts for nothing, since mail scanners open
 * links by themselves: only the button's POST does, and only its first. It tells nothing to who has no link.
 */
export function seenServer(options: SeenServerOptions): SeenServer {
  const all = new Allowance(options.clock, ALL);
  const guesses = new Allowance(options.clock, GUESSES);
  return (request, response) => {
    // Whatever comes with it: nobody reads it.
    request.resume();
    const language = options.language();
    const answer = ({ view, status }: SeenAnswer) =>
      respond(request, response, { view, status, language: language ?? 'en' });
    if (language === undefined) return answer({ view: 'unknown', status: 404 });
    if (!['GET', 'HEAD', 'POST'].includes(request.method ?? ''))
      return answer({ view: 'unknown', status: 405 });
    if (!all.take()) return answer({ view: 'busy', status: 429 });
    const state = stateFor(request, options);
    if (state === 'unknown' && !guesses.take()) return answer({ view: 'busy', status: 429 });
    answer(ANSWERS[state]);
  };
}

interface SeenAnswer {
  readonly view: SeenView;
  readonly status: number;
}

const ANSWERS: Readonly<Record<SightingState | 'trouble', SeenAnswer>> = {
  open: { view: 'question', status: 200 },
  seen: { view: 'thanks', status: 200 },
  expired: { view: 'expired', status: 410 },
  unknown: { view: 'unknown', status: 404 },
  trouble: { view: 'trouble', status: 503 },
};

function stateFor(
  { url = '', method }: IncomingMessage,
  options: SeenServerOptions,
): SightingState | 'trouble' {
  const token = url.split('?')[0]?.slice(SEEN_PREFIX.length) ?? '';
  if (!TOKEN.test(token)) return 'unknown';
  const { database, clock, say } = options;
  try {
    const state = readSighting(database, token, clock.now());
    // Who only guesses neither waits for those who write nor keeps them waiting.
    return method === 'POST' && state === 'open' ? recordSighting(database, token, clock.now()) : state;
  } catch (error) {
    say(`a test alert was seen, and it could not be noted: ${String(error)}`);
    return 'trouble';
  }
}

function respond(
  { method }: IncomingMessage,
  response: ServerResponse,
  { view, status, language }: SeenAnswer & { readonly language: Language },
): void {
  const page = seenPage(view, language);
  response.writeHead(status, {
    ...SEEN_HEADERS,
    'content-length': Buffer.byteLength(page),
    ...(status === 429 || status === 503 ? { 'retry-after': '60' } : {}),
    ...(status === 405 ? { allow: 'GET, HEAD, POST' } : {}),
  });
  response.end(method === 'HEAD' ? undefined : page);
}
