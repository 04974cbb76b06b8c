/** One field of a message: its bytes for length-delimited ones, its number for the others. */
export interface Field {
  readonly number: number;
  readonly bytes?: Buffer;
  readonly varint?: bigint;
}

/** What is not a protobuf message, or is cut off. */
export class ProtobufError extends Error {}

/** The fields of a message in their order; unknown ones too. Format: protobuf.dev/programming-guides/encoding. */
export function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  while (at < message.length) {
    const tag = readVarint(message, at);
    at = tag.next;
    const [number, wire] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    if (number === 0) throw new ProtobufError('a field has the number 0');
    if (wire === 0) {
      const { value, next } = readVarint(message, at);
      at = next;
      yield { number, varint: value };
      continue;
    }
    const { start, end } = extent(message, at, wire);
    at = end;
    yield { number, bytes: message.subarray(start, end) };
  }
}

/** Messages that are written one after the other, each with its length before it. */
export function* delimited(stream: Buffer): Generator<Buffer> {
  let at = 0;
  while (at < stream.length) {
    const { start, end } = extent(stream, at, 2);
    yield stream.subarray(start, end);
    at = end;
  }
}

/** Milliseconds since 1970 of a google.protobuf.Timestamp, cut off as Go does. */
export function timestampMs(message: Buffer | undefined): number {
  let [seconds, nanoseconds] = [0n, 0n];
  for (const { number, varint } of message ? fieldsOf(message) : []) {
    if (number === 1) seconds = BigInt.asIntN(64, varint ?? 0n);
    if (number === 2) nanoseconds = BigInt.asIntN(64, varint ?? 0n);
  }
  return Number(seconds) * 1000 + Math.floor(Number(nanoseconds) / 1e6);
}

/** A repeated number, packed or one by one. */
export function numbersOf(field: Field): bigint[] {
  if (field.varint !== undefined) return [field.varint];
  const packed = field.bytes ?? Buffer.alloc(0);
  const numbers: bigint[] = [];
  for (let at = 0; at < packed.length; ) {
    const { value, next } = readVarint(packed, at);
    numbers.push(value);
    at = next;
  }
  return numbers;
}

function extent(bytes: Buffer, at: number, wire: number): { readonly start: number; readonly end: number } {
  const fixed = { 1: 8, 5: 4 }[wire];
  if (fixed === undefined && wire !== 2) throw new ProtobufError(`the wire type ${wire} is not used`);
  const length = fixed === undefined ? readVarint(bytes, at) : { value: BigInt(fixed), next: at };
  const end = length.next + Number(length.value);
  if (end > bytes.length) throw new ProtobufError('it is cut off');
  return { start: length.next, end };
}

function readVarint(bytes: Buffer, start: number): { readonly value: bigint; readonly next: number } {
  let value = 0n;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[start + i];
    if (byte === undefined) throw new ProtobufError('it is cut off');
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: start + i + 1 };
  }
  throw new ProtobufError('a number has more than 10 bytes');
}
