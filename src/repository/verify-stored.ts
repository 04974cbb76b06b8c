import { createHash, type Hash } from 'node:crypto';
import { makeBuffers } from './buffers.ts';
import { SEGMENT_BYTES } from './pack-plan.ts';
import { readAhead } from './read-ahead.ts';
import type { NeededObject } from './verify-needs.ts';
import type { VerifyRun } from './verify-run.ts';

/** Requests on their way, and the bytes that they may hold together. */
const REQUESTS = 16;
const ROOM_BYTES = 4 * SEGMENT_BYTES;

/** Reads objects as a whole, each a part at a time: what they hash to must be what they are named by. */
export async function verifyStored(
  run: VerifyRun,
  objects: Iterable<NeededObject>,
  afterEach: () => Promise<void> = async () => undefined,
): Promise<void> {
  for await (const { object, sha256 } of digestsOf(run, objects)) {
    await run.breathe();
    await judge(run, object, sha256);
    await afterEach();
  }
}

/** `sha256`: what was read of it, undefined when it was not there. Read once more before it is called damaged. */
export async function judge(
  run: VerifyRun,
  object: NeededObject,
  sha256: string | undefined,
): Promise<'right' | 'wrong'> {
  if (sha256 === object.id) return isRight(run, object);
  for await (const again of digestsOf(run, [object])) {
    if (again.sha256 === object.id) {
      run.misread.add(object.name);
      return isRight(run, object);
    }
    run.addDamage(object, again.sha256 === undefined ? 'is missing' : 'was altered');
  }
  return 'wrong';
}

function isRight(run: VerifyRun, { name }: NeededObject): 'right' {
  run.read.add(name);
  return 'right';
}

interface Part {
  readonly object: NeededObject;
  readonly offset: number;
  readonly length: number;
}

interface Digest {
  readonly object: NeededObject;
  readonly sha256: string | undefined;
}

async function* digestsOf(run: VerifyRun, objects: Iterable<NeededObject>): AsyncGenerator<Digest> {
  const { store } = run.context;
  const buffers = makeBuffers(SEGMENT_BYTES);
  const parts = readAhead(partsOf(objects), {
    work: async (part) => {
      run.signal?.throwIfAborted();
      const buffer = buffers.take(part.length);
      return { part, buffer, bytes: await store.get(part.object.name, part, buffer) };
    },
    count: REQUESTS,
    size: ({ length }) => length,
    room: ROOM_BYTES,
  });
  let hash: Hash | undefined;
  for await (const { part, buffer, bytes } of parts) {
    const { object, offset, length } = part;
    if (offset === 0) hash = createHash('sha256');
    run.progress(bytes?.length ?? 0);
    // A part that is missing makes the whole another one, whatever comes after it.
    hash = bytes === undefined ? undefined : hash?.update(bytes);
    buffers.give(buffer);
    if (offset + length >= object.size) yield { object, sha256: hash?.digest('hex') };
    await run.breathe();
  }
}

function* partsOf(objects: Iterable<NeededObject>): Generator<Part> {
  for (const object of objects) {
    for (let offset = 0; offset === 0 || offset < object.size; offset += SEGMENT_BYTES)
      yield { object, offset, length: Math.min(SEGMENT_BYTES, object.size - offset) };
  }
}
