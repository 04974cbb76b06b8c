import type { Fault, InboxMessage, Misbehaviour } from '../stack/sandbox.ts';

/** What the inbox was told to do wrong: `Misbehaviours` of the history. */
export interface MisbehaviourSource {
  /** The first that is `wanted`, counted as used. */
  take(now: Date, wanted: (misbehaviour: Misbehaviour) => boolean): Misbehaviour | undefined;
}

/** Of HTTP, once the request is known. */
export type HttpFault = Exclude<Fault, { kind: 'bad-certificate' | 'no-starttls' }>;
export type StatusFault = Extract<Fault, { kind: 'status' }>;

export function isHttpFault(fault: Fault): fault is HttpFault {
  return fault.kind !== 'bad-certificate' && fault.kind !== 'no-starttls';
}

export function isFor(type: string, one: Misbehaviour, wanted: (fault: Fault) => boolean): boolean {
  return (one.type === '*' || one.type === type) && wanted(one.fault);
}

const TOLD = 'told to misbehave';
/** What people are shown of an answer. */
const LONGEST_ANSWER = 200;

/** As it stands among the problems of a message that failed on purpose; `answer`: what the provider would have said. */
export function toldTo(fault: Fault, answer = ''): string {
  const told = `${TOLD}: ${faultText(fault)}`;
  const words = answer.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_ANSWER);
  return words === '' ? told : `${words} (${told})`;
}

/** Whether a message was refused because somebody told the inbox so, and not for what it is. */
export function isOnPurpose({ problems }: Pick<InboxMessage, 'problems'>): boolean {
  return problems.some((problem) => problem.includes(`${TOLD}: `));
}

export function faultText(fault: Fault): string {
  switch (fault.kind) {
    case 'status':
      return fault.retryAfter === undefined
        ? `status ${fault.status}`
        : `status ${fault.status}, Retry-After ${fault.retryAfter} s`;
    case 'hang':
      return 'no answer, the connection stays open';
    case 'slow':
      return `the answer ${fault.delayMs / 1000} s late`;
    case 'drop':
      return 'the connection is cut without an answer';
    case 'html':
      return '200 with an HTML page';
    case 'bad-certificate':
      return 'a certificate that nobody signed';
    case 'no-starttls':
      return 'STARTTLS is not offered';
  }
}

/** What the login page of a proxy, or the wrong server, answers to everything. */
export const HTML_PAGE = `<!DOCTYPE html>
<html><head><title>Sign in</title></head>
<body><h1>Sign in</h1><p>Your session has ended. Please sign in to continue.</p></body></html>
`;
