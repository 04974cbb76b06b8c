/** One chunk in a segment file; offsets in bytes from the start of the file. */
export interface ChunkPosition {
  readonly offset: number;
  /** Where the encoded samples begin, and how many bytes they are. */
  readonly data: number;
  readonly length: number;
  readonly encoding: number;
  readonly samples: number;
  /** Time of the first sample (ms) where the encoding tells it cheaply: XOR. */
  readonly firstTime: number | undefined;
}

const HEADER_BYTES = 8;
const MAGIC = 0x85bd40dd;
const CRC_BYTES = 4;
const ENCODING_XOR = 1;

/**
 * The chunks of a segment file, in order; stops at the first that is not whole in `segment`. Format:
 * prometheus tsdb/docs/format/chunks.md — 8 bytes of header, then for each chunk `uvarint length | encoding |
 * data | CRC32C`; XOR data begins with a big-endian uint16 of the number of samples and the first time as varint.
 */
export function* chunksOf(segment: Buffer): Generator<ChunkPosition> {
  if (segment.length < HEADER_BYTES || segment.readUInt32BE(0) !== MAGIC) return;
  let offset = HEADER_BYTES;
  while (offset < segment.length) {
    const length = readUvarint(segment, offset);
    if (!length) return;
    const encoding = segment[length.next];
    const data = length.next + 1;
    const size = Number(length.value);
    if (encoding === undefined || size < 2 || data + size + CRC_BYTES > segment.length) return;
    yield {
      offset,
      data,
      length: size,
      encoding,
      samples: segment.readUInt16BE(data) & 0x3fff,
      firstTime: encoding === ENCODING_XOR ? readVarint(segment, data + 2) : undefined,
    };
    offset = data + size + CRC_BYTES;
  }
}

function readUvarint(bytes: Buffer, start: number): { value: bigint; next: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[start + i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value, next: start + i + 1 };
  }
  return undefined;
}

/** Go's zigzag varint. */
function readVarint(bytes: Buffer, start: number): number | undefined {
  const unsigned = readUvarint(bytes, start)?.value;
  if (unsigned === undefined) return undefined;
  return Number((unsigned & 1n) === 0n ? unsigned >> 1n : -((unsigned + 1n) >> 1n));
}
