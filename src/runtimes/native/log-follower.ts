import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '../../platform/clock.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import { LineSplitter } from './log-lines.ts';
import { timeOfLine } from './log-time.ts';

export interface TimedLine {
  readonly text: string;
  /** Milliseconds since 1970: the line's own time, or that of a line before it. */
  readonly ms: number | undefined;
}

const FIRST_WINDOW = 256 * 1024;
const CHUNK_BYTES = 1024 ** 2;
const HEAD_BYTES = 256;
/** For the end of a line that has begun. */
const PATIENCE_MS = 5_000;

/** One log read from outside, by whoever may: it is rotated by another process, at any time. */
export class LogFollower {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #splitter = new LineSplitter();
  #offset = 0;
  #inode: number | undefined;
  /** The log's first bytes: with other ones it is another log. */
  #head: Buffer = Buffer.alloc(0);
  #ms: number | undefined;
  #grownAt = 0;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** The last lines, of the rotated log as well where this one has too few; only what was written after `since`. */
  async begin(count: number, since?: Date): Promise<TimedLine[]> {
    const from = since?.getTime();
    const enough = (lines: readonly string[]) =>
      from === undefined ? lines.length > count : (firstTime(lines) ?? Infinity) < from;
    const present = await withLog(this.#path, async (log) => {
      const { size, ino } = await log.stat();
      this.#offset = size;
      this.#inode = ino;
      this.#head = await readAt(log, 0, Math.min(HEAD_BYTES, size));
      return readBack(log, size, enough);
    });
    let lines = present ?? [];
    if (!enough(lines)) {
      const older = await withLog(`${this.#path}.1`, async (log) =>
        readBack(log, (await log.stat()).size, (found) => enough([...found, ...lines])),
      );
      lines = [...(older ?? []), ...lines];
    }
    const timed = this.#timed(lines);
    const wanted = from === undefined ? timed : timed.filter(({ ms }) => ms !== undefined && ms >= from);
    return count === Infinity ? wanted : count === 0 ? [] : wanted.slice(-count);
  }

  /** What has been written since it was read last. */
  async read(): Promise<TimedLine[]> {
    const lines: string[] = [];
    await withLog(this.#path, async (log) => {
      const { size, ino } = await log.stat();
      if (await this.#isAnother(log, size, ino)) {
        lines.push(...(await this.#restOfFormer()));
        this.#offset = 0;
        this.#head = Buffer.alloc(0);
      }
      this.#inode = ino;
      lines.push(...(await this.#take(log, size)));
      if (this.#head.length < HEAD_BYTES)
        this.#head = await readAt(log, 0, Math.min(HEAD_BYTES, this.#offset));
    });
    if (lines.length === 0 && this.#clock.monotonic() - this.#grownAt > PATIENCE_MS) {
      const last = this.#splitter.flush();
      if (last) lines.push(last.text);
    }
    return this.#timed(lines);
  }

  async #isAnother(log: FileHandle, size: number, inode: number): Promise<boolean> {
    if (size < this.#offset || (this.#inode !== undefined && inode !== this.#inode)) return true;
    return !(await readAt(log, 0, this.#head.length)).equals(this.#head);
  }

  async #restOfFormer(): Promise<string[]> {
    const rest = await withLog(`${this.#path}.1`, async (log) => {
      const { size } = await log.stat();
      // The beginning of a flood is not kept: then nobody knows where to go on.
      if (!(await readAt(log, 0, this.#head.length)).equals(this.#head)) return [];
      return this.#take(log, size);
    });
    return rest ?? [];
  }

  async #take(log: FileHandle, size: number): Promise<string[]> {
    const lines: string[] = [];
    while (this.#offset < size) {
      const chunk = await readAt(log, this.#offset, Math.min(CHUNK_BYTES, size - this.#offset));
      if (chunk.length === 0) break;
      this.#offset += chunk.length;
      this.#grownAt = this.#clock.monotonic();
      for (const { text } of this.#splitter.push(chunk)) lines.push(text);
    }
    return lines;
  }

  #timed(lines: readonly string[]): TimedLine[] {
    return lines.map((text) => {
      this.#ms = timeOfLine(text)?.ms ?? this.#ms;
      return { text, ms: this.#ms };
    });
  }
}

/** Whole lines before `end`, read in growing windows until they are enough or all. */
async function readBack(
  log: FileHandle,
  end: number,
  enough: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  for (let window = FIRST_WINDOW; ; window *= 4) {
    const start = Math.max(0, end - window);
    const splitter = new LineSplitter();
    const lines: string[] = [];
    for (let at = start; at < end; ) {
      const chunk = await readAt(log, at, Math.min(CHUNK_BYTES, end - at));
      if (chunk.length === 0) break;
      at += chunk.length;
      for (const { text } of splitter.push(chunk)) lines.push(text);
    }
    const last = splitter.flush();
    if (last) lines.push(last.text);
    if (start > 0) lines.shift();
    if (start === 0 || enough(lines)) return lines;
  }
}

function firstTime(lines: readonly string[]): number | undefined {
  for (const line of lines) {
    const time = timeOfLine(line);
    if (time) return time.ms;
  }
  return undefined;
}

async function readAt(log: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  if (bytes === 0) return Buffer.alloc(0);
  const { buffer, bytesRead } = await log.read(Buffer.alloc(bytes), 0, bytes, offset);
  return buffer.subarray(0, bytesRead);
}

/** Undefined when there is no such log. */
async function withLog<Result>(
  path: string,
  use: (log: FileHandle) => Promise<Result>,
): Promise<Result | undefined> {
  let log: FileHandle;
  try {
    log = await open(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}
