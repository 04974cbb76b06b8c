import { domainToASCII } from 'node:url';
import { parseHostPort } from '../platform/host-port.ts';
import { parseMailAddress } from '../platform/mail-address.ts';
import { describeType, type Objection, quote } from './objections.ts';

/** Of an e-mail address, with a name before it or not. */
export function objectToMailAddress(input: unknown): Objection | undefined {
  if (typeof input !== 'string')
    return { problem: `must be an e-mail address such as ops@example.org, not ${describeType(input)}` };
  if (input.includes('{{') || input.includes('${'))
    return {
      problem: `is ${quote(input)}; an address is fixed, it can hold no template and no variable`,
      fix: 'write the address itself, or ${env:NAME}; for other people make another receiver and a route',
    };
  if (parseMailAddress(input) !== undefined) return undefined;
  if (input.split('@').length > 2 && /[,;]/.test(input))
    return {
      problem: `is ${quote(input)}; several addresses are a list`,
      fix: 'write each on a line with `- `',
    };
  const meant = inAscii(input);
  return {
    problem: `is no e-mail address that every mail server takes: ${quote(input)}`,
    fix: meant === undefined ? 'write ops@example.org, or `Ops <ops@example.org>`' : `did you mean ${meant}?`,
  };
}

/** A domain with umlauts has a name in ASCII too. */
function inAscii(input: string): string | undefined {
  const at = input.lastIndexOf('@');
  const [domain = ''] = input.slice(at + 1).split('>');
  const ascii = domainToASCII(domain);
  const meant = `${input.slice(0, at + 1)}${ascii}${input.slice(at + 1 + domain.length)}`;
  return at > 0 && ascii !== '' && parseMailAddress(meant) !== undefined ? meant : undefined;
}

/** Of a server's `host:port`; `usual` are its ports, for the fix. */
export function objectToHostPort(
  input: unknown,
  { usual }: { readonly usual: readonly [number, ...number[]] },
): Objection | undefined {
  const [first] = usual;
  if (typeof input !== 'string')
    return { problem: `must be host:port such as mail.example.org:${first}, not ${describeType(input)}` };
  if (parseHostPort(input) !== undefined) return undefined;
  const bare = input.replace(/^[a-z]+:\/\//i, '').replace(/\/+$/, '');
  if (bare !== input && parseHostPort(bare) !== undefined)
    return { problem: `is ${quote(input)}; host:port is needed, without a scheme`, fix: `write ${bare}` };
  const withPort = `${bare}:${first}`;
  return parseHostPort(withPort) === undefined
    ? { problem: `is ${quote(input)}; host:port is needed`, fix: `e.g. mail.example.org:${first}` }
    : {
        problem: `is ${quote(input)}, which has no port`,
        fix: `write ${withPort}${usual.length > 1 ? `, or another port of the server (${usual.slice(1).join(', ')})` : ''}`,
      };
}
