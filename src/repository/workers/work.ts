import { closePack, encodeInPlace } from './make-packs.ts';
import { openSegment } from './open-segment.ts';
import { readFiles, readPart } from './read-files.ts';
import { statFiles } from './stat-files.ts';

/**
 * What can be done in a thread of its own: synchronous, of arguments and to results that can be handed over. Members
 * `buffer` and those in `buffers` change hands rather than be copied.
 */
export const WORK = { closePack, encodeInPlace, openSegment, readFiles, readPart, statFiles };

export type WorkName = keyof typeof WORK;
export type Job<Name extends WorkName> = Parameters<(typeof WORK)[Name]>[0];
export type Done<Name extends WorkName> = ReturnType<(typeof WORK)[Name]>;

export function handedOver(message: object): ArrayBuffer[] {
  const { buffer, buffers = [] } = message as {
    readonly buffer?: unknown;
    readonly buffers?: readonly unknown[];
  };
  return [buffer, ...buffers].filter((one) => one instanceof ArrayBuffer);
}
