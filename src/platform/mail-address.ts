/** A mailbox of RFC 5322, section 3.4. */
export interface MailAddress {
  /** What stands before `<`; empty when there is nothing. */
  readonly name: string;
  /** `ops@example.org` */
  readonly address: string;
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`|~-]+";
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const ADDRESS = new RegExp(`^(${ATOM}(?:\\.${ATOM})*)@(${LABEL}(?:\\.${LABEL})*)$`);
const NAMED = /^(?:"((?:[^"\\]|\\["\\])*)"|([^<>"\\]*?))\s*<([^<>]*)>$/;
/** Of RFC 5321, section 4.5.3.1. */
const MAX_LOCAL_PART = 64;
const MAX_DOMAIN = 255;
const MAX_NAME = 60;

/**
 * `ops@example.org` or `Ops <ops@example.org>`. Of what RFC 5322 allows, only what every server and Alertmanager take:
 * no quoted local part, no address literal, nothing but ASCII in the address itself.
 */
export function parseMailAddress(text: string): MailAddress | undefined {
  if (/\p{C}/u.test(text)) return undefined;
  const [, quoted, plain = '', inner] = NAMED.exec(text.trim()) ?? [];
  const address = (inner ?? text).trim();
  const name = (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain).trim();
  const [, local = '', domain = ''] = ADDRESS.exec(address) ?? [];
  if (local === '' || local.length > MAX_LOCAL_PART || domain.length > MAX_DOMAIN) return undefined;
  return name.length > MAX_NAME ? undefined : { name, address };
}

/**
 * As it stands in a header: all ASCII, the name as encoded words (RFC 2047) or quoted where it must be. Alertmanager
 * would encode a header with any other character as a whole, the address with it, and no server could read that.
 */
export function formatMailAddress({ name, address }: MailAddress): string {
  if (name === '') return address;
  if (!/^[ -~]*$/.test(name)) return `${encodedWords(name)} <${address}>`;
  const isPlain = /^[A-Za-z0-9!#$%&'*+/=?^_`|~ -]+$/.test(name) && !name.includes('=?');
  return `${isPlain ? name : `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`} <${address}>`;
}

/** An encoded word has 75 characters at most: 45 bytes and its frame. */
const WORD_BYTES = 45;

function encodedWords(text: string): string {
  const words: string[] = [];
  let word = '';
  for (const character of text) {
    if (Buffer.byteLength(word + character) > WORD_BYTES) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((part) => `=?utf-8?B?${Buffer.from(part).toString('base64')}?=`).join(' ');
}
