import { writeAll } from '../../platform/write-all.ts';
import { notWritten } from '../restore-errors.ts';
import { withoutZeroBlocks } from '../sparse.ts';

/** A part of a larger file: who decodes it writes it, and its content goes no further. */
export interface PartToWrite {
  /** Of its file, which is open as long as the part is on its way. */
  readonly descriptor: number;
  readonly at: number;
  /** The file has its length already: blocks of zeros are left out. */
  readonly sparse: boolean;
  /** For people. */
  readonly path: string;
}

/** Throws LS-REPO-018. */
export function writePartNow({ descriptor, at, sparse, path }: PartToWrite, content: Uint8Array): void {
  try {
    if (!sparse) writeAll(descriptor, content, at);
    else for (const part of withoutZeroBlocks(content)) writeAll(descriptor, part.bytes, at + part.at);
  } catch (cause) {
    throw notWritten(path, cause);
  }
}
