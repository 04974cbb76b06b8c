/** Of BIP 173; `age` uses it without the limit of 90 characters. */
const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const CHECKSUM_LENGTH = 6;
const BYTE_BITS = 8;
const WORD_BITS = 5;

export interface Bech32 {
  /** Before the last `1`, in lower case. */
  readonly prefix: string;
  /** What is encoded. */
  readonly bytes: Uint8Array;
}

/** What a text in Bech32 encodes; undefined when it is none, or one of its characters was mistyped. */
export function readBech32(text: string): Bech32 | undefined {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return undefined;
  const at = lower.lastIndexOf('1');
  const prefix = lower.slice(0, at);
  // Of what was written: a letter of another script may become one of these in lower case.
  if (at < 1 || !/^[\x21-\x7e]+$/.test(text)) return undefined;
  const words = Array.from(lower.slice(at + 1), (letter) => CHARSET.indexOf(letter));
  if (words.length < CHECKSUM_LENGTH || words.includes(-1)) return undefined;
  if (remainder([...expanded(prefix), ...words]) !== 1) return undefined;
  const bytes = bytesOf(words.slice(0, -CHECKSUM_LENGTH));
  return bytes && { prefix, bytes };
}

/** `prefix`: printable ASCII in lower case, as the text will be. */
export function writeBech32({ prefix, bytes }: Bech32): string {
  const words = wordsOf(bytes);
  const checksum = remainder([...expanded(prefix), ...words, 0, 0, 0, 0, 0, 0]) ^ 1;
  const check = Array.from(
    { length: CHECKSUM_LENGTH },
    (_, i) => (checksum >>> (WORD_BITS * (CHECKSUM_LENGTH - 1 - i))) & 31,
  );
  return `${prefix}1${[...words, ...check].map((word) => CHARSET.charAt(word)).join('')}`;
}

function expanded(prefix: string): readonly number[] {
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> WORD_BITS), 0, ...codes.map((code) => code & 31)];
}

/** Padded with zero bits to a whole word. */
function wordsOf(bytes: Uint8Array): readonly number[] {
  const { groups, rest, bits } = regrouped(bytes, BYTE_BITS, WORD_BITS);
  return bits === 0 ? groups : [...groups, rest << (WORD_BITS - bits)];
}

/** Undefined when the padding is a whole word, or not of zeros: then the same bytes would have two texts. */
function bytesOf(words: readonly number[]): Uint8Array | undefined {
  const { groups, rest, bits } = regrouped(words, WORD_BITS, BYTE_BITS);
  return bits >= WORD_BITS || rest !== 0 ? undefined : Uint8Array.from(groups);
}

/** The same bits in groups of another size. `rest`: the last `bits` of them, which fill no group. */
function regrouped(values: Iterable<number>, from: number, to: number) {
  const groups: number[] = [];
  let [rest, bits] = [0, 0];
  for (const value of values) {
    rest = (rest << from) | value;
    bits += from;
    while (bits >= to) {
      bits -= to;
      groups.push(rest >>> bits);
      rest &= (1 << bits) - 1;
    }
  }
  return { groups, rest, bits };
}

function remainder(values: readonly number[]): number {
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of GENERATOR.entries()) if ((top >>> bit) & 1) checksum ^= generator;
  }
  return checksum >>> 0;
}
