import { createHash } from 'node:crypto';
import { read, write } from 'node:fs';
import { promisify } from 'node:util';
import { writeAll } from '../platform/write-all.ts';
import { writing, writingAsync } from './restore-errors.ts';
import { withoutZeroBlocks } from './sparse.ts';

const readAt = promisify(read);
const writeAt = promisify(write);
const READ_BYTES = 4 * 1024 * 1024;
/** Larger parts are written beside the main thread. */
const ASIDE_BYTES = 256 * 1024;

/** SHA-256 (hex) of the first `size` bytes. */
export async function hashDescriptor(
  descriptor: number,
  size: number,
  breathe: () => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size));
  for (let at = 0; at < size; ) {
    const { bytesRead } = await readAt(descriptor, buffer, 0, Math.min(buffer.length, size - at), at);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
    await breathe();
  }
  return hash.digest('hex');
}

/** A part of a file; of a sparse one, which has its length already, blocks of zeros are left out. */
export async function writePart(
  file: string,
  descriptor: number,
  { sparse, bytes, at }: { readonly sparse: boolean; readonly bytes: Uint8Array; readonly at: number },
): Promise<void> {
  if (!sparse) await writeWhole(file, descriptor, bytes, at);
  else
    for (const part of withoutZeroBlocks(bytes)) await writeWhole(file, descriptor, part.bytes, at + part.at);
}

/** A large one in another thread, so that this one may go on with the next part. */
async function writeWhole(file: string, descriptor: number, bytes: Uint8Array, at: number): Promise<void> {
  if (bytes.length < ASIDE_BYTES) {
    writing(file, () => writeAll(descriptor, bytes, at));
    return;
  }
  let written = 0;
  while (written < bytes.length) {
    const [from, left] = [written, bytes.length - written];
    const { bytesWritten } = await writingAsync(file, () =>
      writeAt(descriptor, bytes, from, left, at + from),
    );
    written += bytesWritten;
  }
}
