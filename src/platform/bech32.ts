/** Of BIP 173; `age` uses it without the limit of 90 characters. */
const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const CHECKSUM_LENGTH = 6;

export interface Bech32 {
  /** Before the last `1`, in lower case. */
  readonly prefix: string;
  /** Of what is encoded, padding left out. */
  readonly byteLength: number;
}

/** What a text in Bech32 encodes; undefined when it is none, or one of its characters was mistyped. */
export function readBech32(text: string): Bech32 | undefined {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return undefined;
  const at = lower.lastIndexOf('1');
  const prefix = lower.slice(0, at);
  const words = Array.from(lower.slice(at + 1), (letter) => CHARSET.indexOf(letter));
  if (at < 1 || words.length < CHECKSUM_LENGTH || words.includes(-1)) return undefined;
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  const expanded = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...words];
  if (remainder(expanded) !== 1) return undefined;
  return { prefix, byteLength: Math.floor(((words.length - CHECKSUM_LENGTH) * 5) / 8) };
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
