import { MAX_ID, MAX_MODE } from './file-entry.ts';
import { SHA256_DIGITS } from './format.ts';
import { MAX_END, type WholeFile } from './whole-file.ts';

/** What stands between the values of a line, in order (entry-text.ts). */
const SIGN = {
  gid: Buffer.from('{"gid":'),
  mode: Buffer.from(',"mode":'),
  mtime: Buffer.from(',"mtime":"'),
  path: Buffer.from('","path":"'),
  pieces: Buffer.from('","pieces":[["'),
  frame: Buffer.from('",'),
  comma: Buffer.from(','),
  sha256: Buffer.from(']],"sha256":"'),
  size: Buffer.from('","size":'),
  uid: Buffer.from(',"type":"file","uid":'),
  end: Buffer.from('}'),
};
const [ZERO, NINE, QUOTE, BACKSLASH, FIRST_CHARACTER, LAST_CHARACTER] = [0x30, 0x39, 0x22, 0x5c, 0x20, 0x7e];
const IS_HEX = Uint8Array.from({ length: 256 }, (_, byte) =>
  /^[0-9a-f]$/.test(String.fromCharCode(byte)) ? 1 : 0,
);
/** All such numbers are exact. */
const MAX_DIGITS = 15;
const NANOSECONDS = 9;
/** Until 2286. */
const MAX_SECONDS_DIGITS = 10;

/**
 * Reads lines of whole files from their bytes, as they are written, without making anything that lives longer: lists of
 * a million files keep the collector busy otherwise. It holds the line that was read last.
 */
export class WholeFileLine implements WholeFile {
  path = '';
  mode = 0;
  uid = 0;
  gid = 0;
  seconds = 0;
  nanoseconds = 0;
  sha256 = '';
  pack = '';
  frameOffset = 0;
  frameLength = 0;
  offset = 0;
  length = 0;
  #text: Buffer = Buffer.alloc(0);
  #at = 0;
  #isRight = true;

  /** False: it is something else, or written in another way; `decodeLine` will say. Never true where that refuses. */
  read(text: Buffer, start: number, end: number): boolean {
    [this.#text, this.#at, this.#isRight] = [text, start, true];
    this.#skip(SIGN.gid);
    this.gid = this.#count();
    this.#skip(SIGN.mode);
    this.mode = this.#count();
    this.#skip(SIGN.mtime);
    this.#readTime();
    this.#skip(SIGN.path);
    this.path = this.#string();
    this.#skip(SIGN.pieces);
    this.#readPack();
    this.#skip(SIGN.frame);
    this.frameOffset = this.#count();
    this.#skip(SIGN.comma);
    this.frameLength = this.#count();
    this.#skip(SIGN.comma);
    this.offset = this.#count();
    this.#skip(SIGN.comma);
    this.length = this.#count();
    this.#skip(SIGN.sha256);
    this.sha256 = this.#hex();
    this.#skip(SIGN.size);
    const size = this.#count();
    this.#skip(SIGN.uid);
    this.uid = this.#count();
    this.#skip(SIGN.end);
    return (
      this.#isRight &&
      this.#at === end &&
      size === this.length &&
      this.mode <= MAX_MODE &&
      this.uid <= MAX_ID &&
      this.gid <= MAX_ID &&
      this.offset + this.length <= MAX_END
    );
  }

  #skip(sign: Uint8Array): void {
    if (!this.#isRight) return;
    const [text, at] = [this.#text, this.#at];
    for (let i = 0; i < sign.length; i++) if (text[at + i] !== sign[i]) this.#isRight = false;
    this.#at += sign.length;
  }

  /** A number from 0 on, as JSON has it. */
  #count(): number {
    const start = this.#at;
    const end = this.#endOfDigits();
    if (end === start || end - start > MAX_DIGITS || (this.#text[start] === ZERO && end - start > 1))
      this.#isRight = false;
    return this.#digits(start, end);
  }

  #readTime(): void {
    const start = this.#at;
    const end = this.#endOfDigits();
    const isLong = end - start > MAX_SECONDS_DIGITS + NANOSECONDS;
    if (end === start || isLong || (this.#text[start] === ZERO && end - start > 1)) this.#isRight = false;
    const middle = Math.max(start, end - NANOSECONDS);
    this.seconds = this.#digits(start, middle);
    this.nanoseconds = this.#digits(middle, end);
  }

  #endOfDigits(): number {
    let at = this.#at;
    while (isDigit(this.#text[at])) at += 1;
    return at;
  }

  #digits(start: number, end: number): number {
    let value = 0;
    for (let at = start; at < end; at++) value = value * 10 + (this.#text[at] ?? ZERO) - ZERO;
    this.#at = end;
    return value;
  }

  /** Of characters that are one byte each, and stand for themselves. */
  #string(): string {
    if (!this.#isRight) return '';
    const start = this.#at;
    let at = start;
    while (isPlainCharacter(this.#text[at])) at += 1;
    this.#at = at;
    return this.#text.toString('latin1', start, at);
  }

  #hex(): string {
    if (!this.#isHex()) return '';
    this.#at += SHA256_DIGITS;
    return this.#text.toString('latin1', this.#at - SHA256_DIGITS, this.#at);
  }

  /** Mostly the same as of the line before. */
  #readPack(): void {
    if (!this.#isHex()) return;
    const [text, at] = [this.#text, this.#at];
    let i = 0;
    while (i < this.pack.length && text[at + i] === this.pack.charCodeAt(i)) i += 1;
    if (i < SHA256_DIGITS) this.pack = text.toString('latin1', at, at + SHA256_DIGITS);
    this.#at += SHA256_DIGITS;
  }

  #isHex(): boolean {
    const [text, at] = [this.#text, this.#at];
    for (let i = 0; this.#isRight && i < SHA256_DIGITS; i++)
      if (IS_HEX[text[at + i] ?? 0] !== 1) this.#isRight = false;
    return this.#isRight;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function isPlainCharacter(byte: number | undefined): boolean {
  if (byte === undefined || byte < FIRST_CHARACTER || byte > LAST_CHARACTER) return false;
  return byte !== QUOTE && byte !== BACKSLASH;
}
