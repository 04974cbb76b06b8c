import { printableText } from '../platform/error-text.ts';
import type { OutputLine } from './command.ts';
import { terminalFacts } from './terminal.ts';

export interface LineStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
  on(event: 'error', listener: () => void): unknown;
}

/** Cyan, yellow, green, magenta, blue and their bright ones: readable on black and on white; never red. */
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

/** Writes results line by line, until their reader has gone (`| head`). */
export class LineWriter {
  readonly #stream: LineStream;
  readonly #json: boolean;
  readonly #colour: boolean;
  #gone = false;

  constructor(
    stream: LineStream,
    options: { readonly env: Readonly<Record<string, string | undefined>>; readonly json: boolean },
  ) {
    this.#stream = stream;
    this.#json = options.json;
    this.#colour = terminalFacts(stream, options.env).colour;
    stream.on('error', () => {
      this.#gone = true;
    });
  }

  /** False once nobody reads any more. */
  write({ label, text, json }: OutputLine): boolean {
    if (this.#gone) return false;
    if (this.#json) this.#stream.write(`${JSON.stringify(json)}\n`);
    else {
      // What a program wrote must not drive the terminal.
      const shown = this.#stream.isTTY === true ? printableText(text) : text;
      this.#stream.write(`${label === undefined ? '' : this.#prefix(label)}${shown}\n`);
    }
    return !this.#gone;
  }

  #prefix(label: string): string {
    const prefix = `${label} | `;
    return this.#colour ? `\u001B[${colourOf(label.trimEnd())}m${prefix}\u001B[0m` : prefix;
  }
}

function colourOf(label: string): number {
  let sum = 0;
  for (const character of label) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return COLOURS[sum % COLOURS.length] ?? 36;
}
