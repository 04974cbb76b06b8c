import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAll } from '../platform/write-all.ts';

/** Bytes that need not be in memory. Nobody else can read them, and nothing is left of them whatever ends the process. */
export class Spool {
  readonly #directory: string;
  #descriptor: number | undefined;
  #length = 0;

  /** `directory`: private, where it is made when something has to be written; absent: the system's for such things. */
  constructor(directory: string = tmpdir()) {
    this.#directory = directory;
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    this.#descriptor ??= openUnnamed(this.#directory);
    writeAll(this.#descriptor, bytes, this.#length);
    this.#length += bytes.length;
  }

  /** As many bytes as there are. */
  read(into: Uint8Array, at: number): number {
    if (this.#descriptor === undefined) return 0;
    let done = 0;
    while (done < into.length) {
      const read = readSync(this.#descriptor, into, done, into.length - done, at + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** A file that has lost its name already: it is gone with its last descriptor. */
function openUnnamed(directory: string): number {
  const made = mkdtempSync(join(directory, 'leitstand-'));
  try {
    return openSync(join(made, 'spool'), 'wx+', 0o600);
  } finally {
    rmSync(made, { recursive: true });
  }
}
