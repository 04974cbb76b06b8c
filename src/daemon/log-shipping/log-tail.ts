import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Clock } from '../../platform/clock.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import { TaskQueue } from '../../platform/task-queue.ts';
import { LineSplitter } from '../../runtimes/native/log-lines.ts';
import { countLines, type RotateLog } from '../../runtimes/native/log-rotation.ts';
import { headOf, isPositionIn, type Position, type SavedPosition } from './positions.ts';

export interface TailLine {
  readonly text: string;
  /** Right behind the line. */
  readonly end: Position;
}

export interface TailRead {
  readonly lines: readonly TailLine[];
  /** Whether there is more to read at once. */
  readonly more: boolean;
}

export interface TailOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Milliseconds to wait for the end of the last line. */
  readonly patienceMs: number;
}

/**
 * One component's log, read in order across rotations: `<name>.log.1` to its end, then `<name>.log`. Rotations pass
 * through `rotating`, so that nothing is read while a file becomes another.
 */
export class LogTail {
  readonly #options: TailOptions;
  readonly #splitter = new LineSplitter();
  /** Of `<name>.log`; the one before is `<name>.log.1`. */
  #generation = 1;
  /** Where in the log before this one `<name>.log.1` begins; undefined when that one is not it. */
  #keptFrom: number | undefined;
  #reading: Position;
  #inode: bigint | undefined;
  #isGone = false;
  #grownAt: number;
  readonly #queue = new TaskQueue();

  private constructor(options: TailOptions, start: Position) {
    this.#options = options;
    this.#reading = start;
    this.#grownAt = options.clock.monotonic();
  }

  /** Goes on at a saved position, or begins with the present log. */
  static async open(options: TailOptions, saved: SavedPosition | undefined): Promise<LogTail> {
    const tail = new LogTail(options, { generation: 1, offset: 0 });
    tail.#keptFrom = (await headOf(`${options.path}.1`)) ? 0 : undefined;
    tail.#reading = await tail.find(saved);
    return tail;
  }

  /** Where a saved position is now; the oldest line that is left when its file has gone. */
  async find(saved: SavedPosition | undefined): Promise<Position> {
    const { path } = this.#options;
    const oldest = this.#oldest();
    if (!saved) return { generation: this.#generation, offset: 0 };
    if (await isPositionIn(path, saved)) return { generation: this.#generation, offset: saved.offset };
    const known = await isPositionIn(`${path}.1`, saved);
    return known ? { ...oldest, offset: oldest.offset + saved.offset } : oldest;
  }

  get position(): Position {
    return this.#reading;
  }

  async save({ generation, offset }: Position): Promise<SavedPosition> {
    const { path } = this.#options;
    const at = this.#present({ generation, offset });
    const [file, begin] = at.generation === this.#generation ? [path, 0] : [`${path}.1`, this.#keptFrom ?? 0];
    return { offset: at.offset - begin, ...((await headOf(file)) ?? { headBytes: 0, head: '' }) };
  }

  read(maxBytes: number): Promise<TailRead> {
    return this.#queue.run(async () => {
      if (this.#reading.generation < this.#generation) {
        const old = await this.#readFile(`${this.#options.path}.1`, maxBytes, this.#keptFrom);
        if (old.lines.length > 0 || old.more) return { ...old, more: true };
        // A line that was cut in two by the rotation goes on in the log.
        this.#reading = { generation: this.#generation, offset: 0 };
      }
      await this.#noticeOthers();
      return this.#readFile(this.#options.path, maxBytes);
    });
  }

  /** Reads once more from there; what is no longer on the disk is left out. */
  rewind(position: Position): Promise<void> {
    return this.#queue.run(async () => {
      this.#splitter.reset();
      this.#reading = this.#present(position);
    });
  }

  /** Rotates the log while nothing is read. Returns how many lines went before they were read. */
  rotating(rotate: RotateLog): Promise<number> {
    return this.#queue.run(async () => {
      const unread = Math.max(0, this.#reading.offset - this.#splitter.pending);
      const isBehind = this.#reading.generation < this.#generation;
      const before = isBehind
        ? await countUnread(`${this.#options.path}.1`, Math.max(0, unread - (this.#keptFrom ?? 0)))
        : 0;
      const { keptFrom, lost } = await rotate(isBehind ? 0 : unread);
      if (isBehind || keptFrom === undefined || keptFrom > this.#reading.offset) this.#splitter.reset();
      this.#keptFrom = keptFrom;
      this.#generation += 1;
      this.#reading = this.#present(this.#reading);
      return before + lost;
    });
  }

  /** The position itself, or the oldest line behind it that is left. */
  #present(position: Position): Position {
    const oldest = this.#oldest();
    if (position.generation < oldest.generation) return oldest;
    if (position.generation > oldest.generation) return position;
    return { ...position, offset: Math.max(position.offset, oldest.offset) };
  }

  #oldest(): Position {
    return this.#keptFrom === undefined
      ? { generation: this.#generation, offset: 0 }
      : { generation: this.#generation - 1, offset: this.#keptFrom };
  }

  /** Somebody else emptied the log, or replaced it. */
  async #noticeOthers(): Promise<void> {
    const found = await stat(this.#options.path, { bigint: true }).catch(() => undefined);
    if (!found) {
      // The next file may well get the same number.
      this.#isGone = this.#inode !== undefined;
      return;
    }
    const replaced = this.#isGone || (this.#inode !== undefined && this.#inode !== found.ino);
    this.#inode = found.ino;
    this.#isGone = false;
    if (!replaced && found.size >= BigInt(this.#reading.offset)) return;
    this.#splitter.reset();
    this.#keptFrom = undefined;
    this.#generation += 1;
    this.#reading = this.#oldest();
  }

  async #readFile(path: string, maxBytes: number, begin = 0): Promise<TailRead> {
    const { offset, generation } = this.#reading;
    const chunk = await readAt(path, offset - begin, maxBytes);
    const { clock, patienceMs } = this.#options;
    if (chunk.length === 0) {
      const isLate = clock.monotonic() - this.#grownAt >= patienceMs;
      const last = generation === this.#generation && isLate ? this.#splitter.flush() : undefined;
      return { lines: last ? [{ text: last.text, end: this.#reading }] : [], more: false };
    }
    this.#grownAt = clock.monotonic();
    let at = offset - this.#splitter.pending;
    const lines = this.#splitter.push(chunk).map(({ text, bytes }) => {
      at += bytes;
      return { text, end: { generation, offset: at } };
    });
    this.#reading = { generation, offset: offset + chunk.length };
    return { lines, more: chunk.length === maxBytes };
  }
}

async function readAt(path: string, offset: number, maxBytes: number): Promise<Buffer> {
  return withFile(path, Buffer.alloc(0), async (file) => {
    const { size } = await file.stat();
    if (size <= offset) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafe(Math.min(maxBytes, size - offset));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  });
}

function countUnread(path: string, from: number): Promise<number> {
  return withFile(path, 0, async (file) => countLines(file, from, (await file.stat()).size));
}

async function withFile<Result>(
  path: string,
  absent: Result,
  use: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return absent;
    throw error;
  }
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
