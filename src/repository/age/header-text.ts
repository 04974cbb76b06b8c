/*
 * The header of an age file as text (age-encryption.org/v1, "ABNF definition of file header"): a version line, stanzas, and
 * a line with the MAC over all that stands before it. There is one way to write a header; what is written in any other
 * is none.
 */

/** More than six hundred recipients. Nothing longer is read, so that a hostile file costs only so much. */
export const MAX_HEADER_BYTES = 64 * 1024 - 16;
const VERSION_LINE = 'age-encryption.org/v1\n';
/** `arg-line *full-line final-line` */
const STANZA = /-> ([\x21-\x7e]+(?: [\x21-\x7e]+)*)\n((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)/y;
/** `end`; what the MAC is over ends behind its `---`. */
const END = /--- ([A-Za-z0-9+/]{43})\n/y;
const MARK = '---';

/** The file key as one recipient can have it. */
export interface Stanza {
  /** The first one says of what type it is. One or more, each of printable characters without a space. */
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

export interface Header {
  /** One or more, of any type. */
  readonly stanzas: readonly Stanza[];
  /** What the MAC is over. */
  readonly covered: string;
  /** 32 bytes. */
  readonly mac: Uint8Array;
  /** Of all of it, in bytes. */
  readonly length: number;
}

/** The header that these bytes begin with; undefined when they begin with none. */
export function readHeader(bytes: Uint8Array): Header | undefined {
  const text = Buffer.from(bytes.subarray(0, MAX_HEADER_BYTES)).toString('latin1');
  if (!text.startsWith(VERSION_LINE)) return undefined;
  const stanzas: Stanza[] = [];
  let at = VERSION_LINE.length;
  for (let found = matchAt(STANZA, text, at); found; found = matchAt(STANZA, text, at)) {
    const [whole, args = '', lines = ''] = found;
    const body = decodeBase64(lines.replaceAll('\n', ''));
    if (!body) return undefined;
    stanzas.push({ args: args.split(' '), body });
    at += whole.length;
  }
  const [line, encoded = ''] = matchAt(END, text, at) ?? [];
  const mac = decodeBase64(encoded);
  if (stanzas.length === 0 || line === undefined || !mac) return undefined;
  return { stanzas, covered: text.slice(0, at + MARK.length), mac, length: at + line.length };
}

/** A header up to its MAC. */
export function writeCovered(stanzas: readonly Stanza[]): string {
  const texts = stanzas.map(({ args, body }) => {
    // The last line is shorter than the others, if need be empty.
    const lines = encodeBase64(body).replaceAll(/.{64}/g, '$&\n');
    return `-> ${args.join(' ')}\n${lines}\n`;
  });
  return `${VERSION_LINE}${texts.join('')}${MARK}`;
}

/** A whole header. */
export function writeHeader(covered: string, mac: Uint8Array): string {
  return `${covered} ${encodeBase64(mac)}\n`;
}

/** Without padding (RFC 4648, sections 3.2 and 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** Undefined unless `encodeBase64` makes exactly this of some bytes: the spec's "canonical". */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return encodeBase64(bytes) === text ? bytes : undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
