import { nearest } from '../../platform/nearest.ts';
import { parseDuration } from '../../platform/units.ts';
import type { Fault, SandboxEndpoint } from '../../stack/sandbox.ts';
import { cliErrors } from '../errors.ts';

const DEFAULT_DELAY = '30s';
const GREYLISTING = 451;

/** Fault → what people are told about it in the help. */
export const FAULT_WORDS: Readonly<Record<string, string>> = {
  '400 to 599': "this status, in the provider's own words; for mail 535 answers AUTH, 550 RCPT",
  hang: 'no answer, and the connection stays open',
  slow: `the right answer, late: --delay, ${DEFAULT_DELAY} unless said`,
  drop: 'the connection is cut without an answer',
  html: "200 with an HTML page, as a proxy's login page",
  'bad-certificate': 'a certificate that nobody signed',
  'no-starttls': 'SMTP without STARTTLS',
  greylist: `${GREYLISTING} to RCPT: come back later`,
};

export interface FaultWords {
  readonly type: string;
  readonly fault: string;
  readonly retryAfter: string | undefined;
  readonly delay: string | undefined;
}

/** Throws LS-CLI-001 with the nearest right word. */
export function parseFault(words: FaultWords, endpoints: readonly SandboxEndpoint[]): Fault {
  const protocol = protocolOf(words.type, endpoints);
  const fault = readFault(words);
  if (words.retryAfter !== undefined && (fault.kind !== 'status' || protocol === 'smtp'))
    throw usage('--retry-after goes with a status of HTTP', `${quoted(words.type)} 429 --retry-after 30s`);
  if (words.delay !== undefined && fault.kind !== 'slow')
    throw usage('--delay goes with `slow`', `${quoted(words.type)} slow --delay ${words.delay}`);
  const isOfMail = fault.kind === 'no-starttls' || words.fault === 'greylist';
  if (isOfMail && protocol === 'http')
    throw usage(`\`${words.fault}\` is of mail, and ${words.type} is sent over HTTP`, `email ${words.fault}`);
  return fault;
}

/** Undefined for all of them. */
function protocolOf(type: string, endpoints: readonly SandboxEndpoint[]): 'http' | 'smtp' | undefined {
  if (type === '*') return undefined;
  const endpoint = endpoints.find((one) => one.type === type);
  if (endpoint) return endpoint.protocol;
  const types = endpoints.map((one) => one.type);
  const near = nearest(type, types) ?? types[0] ?? '*';
  throw cliErrors.error('LS-CLI-001', {
    what: `the inbox has nothing of the type \`${type}\``,
    why: `it has ${types.join(', ')}; '*' is all of them`,
    fix: `leitstand inbox misbehave ${near} 503`,
  });
}

function readFault({ type, fault, retryAfter, delay }: FaultWords): Fault {
  if (/^[45]\d\d$/.test(fault)) {
    const ms = retryAfter === undefined ? undefined : milliseconds('--retry-after', retryAfter);
    return {
      kind: 'status',
      status: Number(fault),
      ...(ms === undefined ? {} : { retryAfter: Math.ceil(ms / 1000) }),
    };
  }
  switch (fault) {
    case 'greylist':
      return { kind: 'status', status: GREYLISTING };
    case 'slow':
      return { kind: 'slow', delayMs: milliseconds('--delay', delay ?? DEFAULT_DELAY) };
    case 'hang':
    case 'drop':
    case 'html':
    case 'bad-certificate':
    case 'no-starttls':
      return { kind: fault };
    default:
      throw cliErrors.error('LS-CLI-001', {
        what: fault === '' ? 'how is it to misbehave?' : `there is no fault \`${fault}\``,
        why: `it can be a status from 400 to 599, or ${wordsOfFaults().join(', ')}`,
        fix: `leitstand inbox misbehave ${quoted(type)} ${nearest(fault, wordsOfFaults()) ?? '503'}`,
      });
  }
}

/** Those that are words. */
export function wordsOfFaults(): string[] {
  return Object.keys(FAULT_WORDS).filter((word) => !/^\d/.test(word));
}

export function milliseconds(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw cliErrors.error('LS-CLI-001', {
    what: `${option} takes a duration, not \`${text}\``,
    fix: `${option} 30s`,
  });
}

/** As a shell takes it. */
export function quoted(type: string): string {
  return type === '*' ? "'*'" : type;
}

function usage(what: string, words: string): Error {
  return cliErrors.error('LS-CLI-001', { what, fix: `leitstand inbox misbehave ${words}` });
}
