/** A stretch of the file, in offsets of its text; `end` is behind the last character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A scalar or key in the file, and whether its characters may be shown. */
export interface Shown extends Span {
  readonly readable: boolean;
}

const MASK = '********';
const GAP_CHARACTERS = /[^\s:,\-{}[\]]+/g;
const WIDTH = 100;

/** The file's text with its lines. */
export class SourceText {
  readonly text: string;
  readonly #lineStarts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
      this.#lineStarts.push(at + 1);
  }

  /** Line and column from 1; the column counts UTF-16 units, as editors do. */
  position(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  /**
   * The line on which the span starts, and a line of carets below it. Only what is in a readable stretch and the
   * marks between the stretches is shown; comments are left out. `shown` is sorted and does not overlap.
   */
  excerpt(span: Span, shown: readonly Shown[]): readonly string[] {
    const { line } = this.position(span.start);
    const start = this.#lineStarts[line - 1] ?? 0;
    const end = this.#lineEnd(line);
    const picture = new Picture(span);
    let at = start;
    for (const stretch of shown) {
      if (stretch.start >= end) break;
      if (stretch.end <= at) continue;
      this.#drawGap(picture, at, stretch.start);
      const from = Math.max(stretch.start, at);
      at = Math.min(stretch.end, end);
      picture.draw(from, at, stretch.readable ? this.text.slice(from, at) : MASK);
    }
    this.#drawGap(picture, at, end);
    return picture.lines(line);
  }

  #drawGap(picture: Picture, from: number, to: number): void {
    const gap = this.text.slice(from, to);
    const comment = /(^|\s)#/.exec(gap);
    const visible = comment ? gap.slice(0, comment.index) : gap;
    let at = 0;
    for (const hidden of visible.matchAll(GAP_CHARACTERS)) {
      picture.draw(from + at, from + hidden.index, visible.slice(at, hidden.index));
      at = hidden.index + hidden[0].length;
      picture.draw(from + hidden.index, from + at, MASK);
    }
    picture.draw(from + at, from + visible.length, visible.slice(at));
  }

  #lineEnd(line: number): number {
    const next = this.#lineStarts[line];
    const end = next === undefined ? this.text.length : next - 1;
    return this.text[end - 1] === '\r' ? end - 1 : end;
  }
}

/** A line under way, with the place of the carets in it. */
class Picture {
  readonly #span: Span;
  #text = '';
  #length = 0;
  #caret: { start: number; end: number } | undefined;

  constructor(span: Span) {
    this.#span = span;
  }

  /** Appends `text` for the file's characters from `from` to `to`. */
  draw(from: number, to: number, text: string): void {
    const before = this.#length;
    const length = characters(text);
    // A replaced stretch is marked as a whole: its inner places are no more.
    const isExact = text.length === to - from && text !== MASK;
    const { start, end } = this.#span;
    if (start < to && Math.max(end, start + 1) > from) {
      const first = isExact ? characters(text.slice(0, Math.max(0, start - from))) : 0;
      const last = isExact
        ? characters(text.slice(0, Math.min(to, Math.max(end, start + 1)) - from))
        : length;
      this.#caret = { start: this.#caret?.start ?? before + first, end: before + last };
    }
    this.#text += text;
    this.#length += length;
  }

  lines(line: number): readonly string[] {
    const drawn = Array.from(this.#text.trimEnd(), (character) =>
      character === '\t' ? '→' : /\p{Cc}/u.test(character) ? '\uFFFD' : character,
    );
    const caret = this.#caret ?? { start: drawn.length, end: drawn.length + 1 };
    const cut = Math.max(0, caret.start + Math.min(caret.end - caret.start, 40) - WIDTH + 3);
    const visible = drawn.slice(cut, cut + WIDTH);
    const dots = cut > 0 ? '...' : '';
    const width = Math.max(
      1,
      Math.min(caret.end, cut + WIDTH, Math.max(drawn.length, caret.start + 1)) - caret.start,
    );
    const number = String(line).padStart(3);
    return [
      `${number} | ${dots}${visible.join('')}${cut + WIDTH < drawn.length ? '...' : ''}`,
      `${' '.repeat(number.length)} | ${' '.repeat(dots.length + caret.start - cut)}${'^'.repeat(width)}`,
    ];
  }
}

/** As a terminal counts them, near enough: an emoji is one. */
function characters(text: string): number {
  return Array.from(text).length;
}
