import { createHash } from 'node:crypto';
import { read, write } from 'node:fs';
import { promisify } from 'node:util';
import { writingAsync } from './restore-errors.ts';

const readAt = promisify(read);
const writeAt = promisify(write);
const READ_BYTES = 4 * 1024 * 1024;

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

/** In another thread, so that this one may go on with the next part. */
export async function writeAside(
  file: string,
  descriptor: number,
  bytes: Uint8Array,
  at: number,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await writingAsync(file, () =>
      writeAt(descriptor, bytes, written, bytes.length - written, at + written),
    );
    written += bytesWritten;
  }
}
