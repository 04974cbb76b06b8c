import { isUtf8 } from 'node:buffer';

/** U+241B. Behind it stand two hex digits: a byte that is no part of a character. */
export const SPELLING_SIGN = '␛';
const SPELLED = /␛([89A-F][0-9A-F])/g;
const LONGEST_CHARACTER = 4;

/** A file name or path as text. Names are bytes on Linux; nearly all are UTF-8, and are their own spelling. */
export interface Spelling {
  readonly text: string;
  /** The text is not the name itself: `spelledBytes` has it. Absent: it is. */
  readonly escaped?: true;
}

/** Reversible: bytes that are not UTF-8, and those of the sign `␛` itself, become `␛E9`. */
export function spellBytes(bytes: Buffer): Spelling {
  const text = bytes.toString('utf8');
  if (isUtf8(bytes) && !text.includes(SPELLING_SIGN)) return { text };
  let spelled = '';
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at);
    spelled += character ?? `${SPELLING_SIGN}${bytes.toString('hex', at, at + 1).toUpperCase()}`;
    at += character === undefined ? 1 : Buffer.byteLength(character);
  }
  return { text: spelled, escaped: true };
}

/** The bytes of a name or path. */
export function spelledBytes({ text, escaped }: Spelling): Buffer {
  if (!escaped) return Buffer.from(text);
  const parts: Buffer[] = [];
  let at = 0;
  for (const found of text.matchAll(SPELLED)) {
    parts.push(Buffer.from(text.slice(at, found.index)), Buffer.from(found[1] ?? '', 'hex'));
    at = found.index + found[0].length;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(at))]);
}

/** Whether a text is the one spelling of its bytes. Two names never have the same, nor one name two. */
export function isSpelling(spelling: Spelling): boolean {
  const { text, escaped } = spelling;
  if (!escaped) return text.isWellFormed();
  const again = spellBytes(spelledBytes(spelling));
  return again.text === text && again.escaped === true;
}

/** Undefined: no character begins there, or it is the sign. */
function characterAt(bytes: Buffer, at: number): string | undefined {
  for (let length = 1; length <= LONGEST_CHARACTER && at + length <= bytes.length; length++) {
    const candidate = bytes.subarray(at, at + length);
    if (!isUtf8(candidate)) continue;
    const character = candidate.toString('utf8');
    return character === SPELLING_SIGN ? undefined : character;
  }
  return undefined;
}
