import { createHash } from 'node:crypto';
import { delimited, fieldsOf, numbersOf, timestampMs } from './protobuf.ts';

/** Alertmanager's own names of its state files, in its --storage.path. */
export const SILENCES_FILE = 'silences';
export const LOG_FILE = 'nflog';

/** Times in milliseconds since 1970. */
export interface StoredSilence {
  readonly id: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly updatedAt: number;
}

export interface LogEntry {
  /** SHA-256 over what Alertmanager decides with: group, receiver, time, the alerts it has sent. */
  readonly digest: string;
  readonly groupKey: Buffer;
  /** Milliseconds since 1970; Alertmanager drops it then. */
  readonly expiresAt: number;
}

/**
 * The file `silences`: MeshSilence messages one after the other (silence/silencepb/silence.proto of 0.25 to 0.34).
 * Throws ProtobufError for anything else.
 */
export function decodeSilences(file: Buffer): StoredSilence[] {
  return [...delimited(file)].map((message) => {
    const silence = partsOf(partsOf(message).get(1)?.at(-1) ?? Buffer.alloc(0));
    const last = (number: number) => silence.get(number)?.at(-1);
    return {
      id: last(1)?.toString('utf8') ?? '',
      startsAt: timestampMs(last(3)),
      endsAt: timestampMs(last(4)),
      updatedAt: timestampMs(last(5)),
    };
  });
}

/** The file `nflog`: MeshEntry messages (nflog/nflogpb/nflog.proto). Throws ProtobufError for anything else. */
export function decodeLog(file: Buffer): LogEntry[] {
  return [...delimited(file)].map((message) => {
    const mesh = partsOf(message);
    const entry = mesh.get(1)?.at(-1) ?? Buffer.alloc(0);
    const parts = partsOf(entry);
    const receiver = parts.get(2)?.at(-1) ?? Buffer.alloc(0);
    const groupKey = parts.get(1)?.at(-1) ?? Buffer.alloc(0);
    const facts = [
      groupKey.toString('base64'),
      partsOf(receiver).get(1)?.at(-1)?.toString('utf8') ?? '',
      partsOf(receiver).get(2)?.at(-1)?.toString('utf8') ?? '',
      numbersIn(receiver, 3).join(),
      timestampMs(parts.get(5)?.at(-1)),
      numbersIn(entry, 6).sort().join(),
      numbersIn(entry, 7).sort().join(),
    ];
    const digest = createHash('sha256').update(JSON.stringify(facts)).digest('hex');
    return { digest, groupKey, expiresAt: timestampMs(mesh.get(2)?.at(-1)) };
  });
}

/** The length-delimited fields of a message, by number. */
function partsOf(message: Buffer): ReadonlyMap<number, readonly Buffer[]> {
  const parts = new Map<number, Buffer[]>();
  for (const { number, bytes } of fieldsOf(message)) {
    if (bytes) parts.set(number, [...(parts.get(number) ?? []), bytes]);
  }
  return parts;
}

function numbersIn(message: Buffer, wanted: number): string[] {
  return [...fieldsOf(message)]
    .filter(({ number }) => number === wanted)
    .flatMap(numbersOf)
    .map(String);
}
