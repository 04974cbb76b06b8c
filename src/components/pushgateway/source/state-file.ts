/** Thrown for what is not a Pushgateway's file, or is cut off. */
export class GobError extends Error {}

/** A group's key → metric family → when it was pushed, in nanoseconds since 1970. */
export type StoredGroups = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

/** Seconds from Go's year 1 to 1970. */
const GO_EPOCH = 62_135_596_800n;
/** What Go puts between the parts of a group's key. */
const SEPARATOR = 0xff;

/**
 * Which pushes a persistence file holds: a gob stream of `map[string]MetricGroup` (storage/interface.go and
 * diskmetricstore.go of 1.5.1 to 1.11.3; pkg.go.dev/encoding/gob). The values themselves are opaque here; a family is
 * told from another by its time. Throws GobError.
 */
export function decodeStateFile(file: Buffer): StoredGroups {
  const stream = new Gob(file);
  for (;;) {
    const end = stream.uint() + stream.at;
    // Definitions of types have negative numbers; after them comes the one value.
    if (stream.int() < 0) {
      stream.at = end;
      continue;
    }
    // A value that is no struct has a 0 before it.
    if (stream.uint() !== 0) throw new GobError('the value is of another kind');
    return readMap(stream, readGroup);
  }
}

/** The key under which a group with these labels is stored. */
export function groupKeyOf(labels: Readonly<Record<string, string>>): string {
  const parts = Object.keys(labels)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap((name) => [name, labels[name] ?? '']);
  return keyText(
    Buffer.concat(parts.flatMap((part, i) => [Buffer.from(i === 0 ? [] : [SEPARATOR]), Buffer.from(part)])),
  );
}

/** For messages: `{job="backup"}`. */
export function groupName(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((name) => `${name}=${JSON.stringify(labels[name])}`);
  return `{${pairs.join(', ')}}`;
}

/** The key is no UTF-8: one character a byte. */
function keyText(bytes: Buffer): string {
  return bytes.toString('latin1');
}

/** MetricGroup: field 1 the labels, field 2 the families. */
function readGroup(stream: Gob): ReadonlyMap<string, bigint> {
  let families: ReadonlyMap<string, bigint> = new Map();
  readFields(stream, (field) => {
    if (field === 1) readMap(stream, (inside) => inside.bytes());
    else if (field === 2) families = readMap(stream, readPushTime);
    else throw new GobError(`a group has a field ${field}`);
  });
  return families;
}

/** TimestampedMetricFamily: field 1 the time as Go marshals it, field 2 the family in a gob of its own. */
function readPushTime(stream: Gob): bigint {
  let time = 0n;
  readFields(stream, (field) => {
    const bytes = stream.bytes();
    if (field === 1) time = nanosecondsOf(bytes);
    else if (field !== 2) throw new GobError(`a metric family has a field ${field}`);
  });
  return time;
}

/** time.Time.MarshalBinary: a version, 8 bytes of seconds since the year 1, 4 of nanoseconds, the zone. */
function nanosecondsOf(bytes: Buffer): bigint {
  if (bytes.length < 13) throw new GobError('a time is cut off');
  return (bytes.readBigInt64BE(1) - GO_EPOCH) * 1_000_000_000n + BigInt(bytes.readInt32BE(9));
}

function readFields(stream: Gob, read: (field: number) => void): void {
  let field = 0;
  for (let delta = stream.uint(); delta !== 0; delta = stream.uint()) {
    field += delta;
    read(field);
  }
}

function readMap<Value>(stream: Gob, read: (stream: Gob) => Value): Map<string, Value> {
  const map = new Map<string, Value>();
  for (let left = stream.uint(); left > 0; left -= 1) {
    const key = keyText(stream.bytes());
    map.set(key, read(stream));
  }
  return map;
}

class Gob {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Below 128 one byte; else the negated number of bytes, then these, the highest first. */
  uint(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const size = 256 - first;
    if (size > 8) throw new GobError('a number has more than 8 bytes');
    let value = 0n;
    for (let i = 0; i < size; i += 1) value = (value << 8n) | BigInt(this.#byte());
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new GobError('a number is too large');
    return Number(value);
  }

  /** The sign is the lowest bit. */
  int(): number {
    const value = this.uint();
    return value % 2 === 0 ? value / 2 : -((value + 1) / 2);
  }

  bytes(): Buffer {
    const length = this.uint();
    if (this.at + length > this.#bytes.length) throw new GobError('it is cut off');
    const bytes = this.#bytes.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new GobError('it is cut off');
    this.at += 1;
    return byte;
  }
}
