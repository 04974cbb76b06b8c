import { writeSync } from 'node:fs';

/** However many calls the system takes for it. Its errors are thrown as they come; what was written by then stays. */
export function writeAll(descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
}
