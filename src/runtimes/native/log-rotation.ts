import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { systemErrorCode } from '../../platform/errors.ts';

/** A log and its one predecessor: twice this much disk a program, and three times while a flood is rotated. */
const LIMIT_BYTES = 64 * 1024 ** 2;
/** A log that grew this far before anybody looked keeps its end alone. */
const FLOOD_BYTES = 2 * LIMIT_BYTES;
/** So far above the limit when it is looked at, a log is flooded. */
const FAST = 1.1;
const CHECK_MS = 1_000;
const SHORTEST_CHECK_MS = 20;
const CHUNK_BYTES = 1024 ** 2;
/** Looks at the end of a log that grows while it is copied; the last one is followed by the cut at once. */
const LAST_LOOKS = 20;

export interface Rotated {
  /** Where in the former log `<name>.log.1` begins; undefined when nothing was kept, on a full disk. */
  readonly keptFrom: number | undefined;
  /** Lines after `unread` that were not kept. */
  readonly lost: number;
}

/** Rotates one log; `unread`: what comes after this offset is missed by somebody when it is not kept. */
export type RotateLog = (unread?: number) => Promise<Rotated>;

/** What has to happen around each rotation: whoever reads the log must not read meanwhile. */
export type AroundRotation = (name: string, rotate: RotateLog) => Promise<unknown>;

const bare: AroundRotation = (_name, rotate) => rotate();

/**
 * Keeps the logs of a directory small until aborted. Looks again before the fastest growing one can be full, so that
 * a flood is held as well. What could not be rotated is tried again.
 */
export async function rotateLogs(
  directory: string,
  clock: Clock,
  closing: AbortSignal,
  around: AroundRotation = bare,
): Promise<void> {
  const watch = new GrowthWatch(clock);
  while (!closing.aborted) {
    await rotateOnce(directory, LIMIT_BYTES, around).catch(() => undefined);
    await clock.sleep(await watch.pause(directory), closing).catch(() => undefined);
  }
}

/**
 * Copies each log above the limit to `<name>.log.1` and empties it: a rename would not do, since the program keeps
 * its descriptor. What is written between the last look and the cut is lost: microseconds. A crash between loses
 * nothing. On a full disk the log is emptied without a copy. One that fails hinders no other; returns the names of
 * those that failed.
 */
export async function rotateOnce(
  directory: string,
  limitBytes: number,
  around: AroundRotation = bare,
  floodBytes = FLOOD_BYTES,
): Promise<string[]> {
  const failed: string[] = [];
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.log')) continue;
    const path = join(directory, name);
    try {
      if ((await stat(path)).size <= limitBytes) continue;
      await around(basename(name, '.log'), (unread) => rotate(path, { limitBytes, floodBytes, unread }));
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

/** How soon a log may be full. */
class GrowthWatch {
  readonly #clock: Clock;
  #last = new Map<string, { readonly size: number; readonly perMs: number }>();
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Milliseconds. */
  async pause(directory: string): Promise<number> {
    const now = this.#clock.monotonic();
    const elapsed = Math.max(1, now - this.#at);
    const found = new Map<string, { readonly size: number; readonly perMs: number }>();
    let pause = CHECK_MS;
    for (const name of await readdir(directory).catch(() => [])) {
      if (!name.endsWith('.log')) continue;
      const size = (await stat(join(directory, name)).catch(() => undefined))?.size ?? 0;
      const before = this.#last.get(name) ?? { size: 0, perMs: 0 };
      // A log that was rotated meanwhile goes on growing as it did.
      const perMs = size >= before.size ? (size - before.size) / elapsed : before.perMs;
      found.set(name, { size, perMs });
      // Half of the time left: it may grow faster yet.
      if (perMs > 0) pause = Math.min(pause, Math.max(0, LIMIT_BYTES - size) / perMs / 2);
    }
    this.#last = found;
    this.#at = now;
    return Math.max(SHORTEST_CHECK_MS, pause);
  }
}

interface Rotation {
  readonly limitBytes: number;
  readonly floodBytes: number;
  readonly unread: number | undefined;
}

async function rotate(path: string, { limitBytes, floodBytes, unread }: Rotation): Promise<Rotated> {
  const log = await open(path, 'r+');
  try {
    const { size } = await log.stat();
    const flooded = size > floodBytes;
    const keptFrom = flooded ? await nextLine(log, size - limitBytes) : 0;
    const lost = unread === undefined ? 0 : await countLines(log, unread, keptFrom);
    // What grows this fast needs the room before the copy is made, and cannot wait for the disk.
    const isFast = size > limitBytes * FAST;
    if (isFast) await rm(`${path}.1`, { force: true });
    const kept = await copyAndCut(path, log, keptFrom, !isFast);
    if (kept) return { keptFrom, lost };
    const all = unread === undefined ? 0 : await countLines(log, unread, (await log.stat()).size);
    await log.truncate();
    return { keptFrom: undefined, lost: all };
  } finally {
    await log.close();
  }
}

/** `durable`: worth waiting for the disk; not in a flood. False when there was no room for a copy. The copy has its name before the log is cut: a crash leaves both. */
async function copyAndCut(path: string, log: FileHandle, from: number, durable: boolean): Promise<boolean> {
  const unfinished = `${path}.unfinished`;
  const copy = await open(unfinished, 'w', 0o600);
  try {
    let at = await copyRange(log, copy, from);
    if (durable) await copy.datasync();
    await rename(unfinished, `${path}.1`);
    at = await copyRange(log, copy, at);
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (let look = 0; look < LAST_LOOKS && fstatSync(log.fd).size > at; look++) {
      const read = readSync(log.fd, buffer, 0, buffer.length, at);
      writeSync(copy.fd, buffer, 0, read);
      at += read;
    }
    ftruncateSync(log.fd, 0);
    return true;
  } catch (error) {
    await rm(unfinished, { force: true });
    if (!['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '')) throw error;
    return false;
  } finally {
    await copy.close();
  }
}

/** Up to what was the end when it began; returns where it stopped. */
async function copyRange(log: FileHandle, copy: FileHandle, from: number): Promise<number> {
  const { size } = await log.stat();
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = from;
  while (at < size) {
    const { bytesRead } = await log.read(buffer, 0, Math.min(buffer.length, size - at), at);
    if (bytesRead === 0) break;
    await copy.write(buffer, 0, bytesRead);
    at += bytesRead;
  }
  return at;
}

/** Where the next line begins; the offset itself in a line without end. */
async function nextLine(log: FileHandle, offset: number): Promise<number> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const { bytesRead } = await log.read(buffer, 0, buffer.length, offset);
  const end = buffer.subarray(0, bytesRead).indexOf(10);
  return end === -1 ? offset : offset + end + 1;
}

/** Lines that end between two offsets of a file. */
export async function countLines(file: FileHandle, from: number, to: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let lines = 0;
  for (let at = from; at < to; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) break;
    for (let i = buffer.indexOf(10); i !== -1 && i < bytesRead; i = buffer.indexOf(10, i + 1)) lines += 1;
    at += bytesRead;
  }
  return lines;
}
