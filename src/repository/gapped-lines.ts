import { release } from './buffers.ts';
import type { TextChunks } from './text-chunks.ts';

/** Of the first block, for few lines, and of each further one. */
const FIRST_BYTES = 4 * 1024;
const BLOCK_BYTES = 128 * 1024;
/** Of the usual line, at least: there is room for so many numbers. */
const LINE_BYTES = 64;
/** Of a UTF-16 code unit in UTF-8, at most. */
const UNIT_BYTES = 3;
/** Numbers of a line: two that are the caller's, where its gap is, and its end. */
const NUMBERS = 4;

interface Place {
  readonly from: number;
  readonly gap: number;
  readonly end: number;
}

interface Block {
  readonly bytes: Buffer;
  readonly numbers: Uint32Array;
  /** For which there are numbers. */
  readonly lines: number;
  /** Lines that were put in, and taken out. */
  count: number;
  taken: number;
  used: number;
}

function emptyBlock(size: number): Block {
  const lines = Math.ceil(size / LINE_BYTES);
  const [bytes, numbers] = [Buffer.allocUnsafeSlow(size), new Uint32Array(NUMBERS * lines)];
  return { bytes, numbers, lines, count: 0, taken: 0, used: 0 };
}

/**
 * Lines that are complete but for a gap, to be taken out in the order in which they were put in: bytes and numbers, since of
 * objects that wait for a moment the collector moves each twice. Numbers are of 32 bits.
 */
export class GappedLines {
  readonly #blocks: Block[] = [];

  put(head: string, tail: string, first = 0, second = 0): void {
    const most = UNIT_BYTES * (head.length + tail.length);
    let block = this.#blocks.at(-1);
    const isFull = block && (block.count === block.lines || most > block.bytes.length - block.used);
    if (!block || isFull) {
      block = emptyBlock(Math.max(block ? BLOCK_BYTES : FIRST_BYTES, most));
      this.#blocks.push(block);
    }
    const { bytes, numbers } = block;
    const at = NUMBERS * block.count;
    numbers[at] = first;
    numbers[at + 1] = second;
    const gap = block.used + (head === '' ? 0 : bytes.write(head, block.used));
    numbers[at + 2] = gap;
    block.used = gap + bytes.write(tail, gap);
    numbers[at + 3] = block.used;
    block.count += 1;
  }

  /** The numbers of the line that is taken next. */
  get next(): { readonly first: number; readonly second: number } | undefined {
    const [block] = this.#blocks;
    if (!block) return undefined;
    const at = NUMBERS * block.taken;
    return { first: block.numbers[at] ?? 0, second: block.numbers[at + 1] ?? 0 };
  }

  /** The next line goes into that text, with its gap filled. */
  take(text: TextChunks, filling: Buffer): void {
    this.#takeNext((bytes, { from, gap, end }) => {
      text.writeBytes(bytes, from, gap);
      text.writeBytes(filling, 0, filling.length);
      text.writeBytes(bytes, gap, end);
    });
  }

  /** The same as a text of its own. */
  takeText(filling: Buffer): string {
    return this.#takeNext((bytes, { from, gap, end }) =>
      [bytes.toString('utf8', from, gap), filling.toString('utf8'), bytes.toString('utf8', gap, end)].join(
        '',
      ),
    );
  }

  #takeNext<Result>(take: (bytes: Buffer, place: Place) => Result): Result {
    const [block] = this.#blocks;
    if (!block) throw new RangeError('no line is left');
    const { bytes, numbers } = block;
    const at = NUMBERS * block.taken;
    const from = block.taken === 0 ? 0 : (numbers[at - 1] ?? 0);
    const taken = take(bytes, { from, gap: numbers[at + 2] ?? 0, end: numbers[at + 3] ?? 0 });
    block.taken += 1;
    if (block.taken === block.count) {
      this.#blocks.shift();
      release(bytes);
      release(block.numbers);
    }
    return taken;
  }
}
