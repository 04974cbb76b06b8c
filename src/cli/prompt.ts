import { createInterface, type Interface } from 'node:readline/promises';
import { cliErrors } from './errors.ts';

export interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
}

/** Questions on a terminal: plain lines and numbers, so that a screen reader and TERM=dumb can follow. */
export interface Prompt {
  /** Asks again while `objection` has something to say. Enter takes the default. */
  text(
    question: string,
    standard: string,
    objection: (answer: string) => string | undefined,
  ): Promise<string>;
  one<Value>(question: string, choices: readonly Choice<Value>[], standard: Value): Promise<Value>;
  /** One or more, as `1,3`. */
  several<Value>(
    question: string,
    choices: readonly Choice<Value>[],
    standard: readonly Value[],
  ): Promise<readonly Value[]>;
  yes(question: string, standard: boolean): Promise<boolean>;
  close(): void;
}

/** Throws LS-CLI-010 when the input ends, and the signal's reason when it is aborted. */
export function openPrompt(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  signal: AbortSignal,
): Prompt {
  return new LinePrompt(input, output, signal);
}

class LinePrompt implements Prompt {
  readonly #output: NodeJS.WritableStream;
  readonly #signal: AbortSignal;
  readonly #lines: Interface;
  /** Lines that come before their question (pasted answers) are kept. */
  readonly #answers: AsyncIterator<string>;

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, signal: AbortSignal) {
    this.#output = output;
    this.#signal = signal;
    // Not raw: the terminal itself edits the line, and Ctrl-C is a signal as everywhere.
    this.#lines = createInterface({ input, terminal: false });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async text(question: string, standard: string, objection: (answer: string) => string | undefined) {
    for (;;) {
      const given = await this.#ask(`\n${question} [${standard}]:`);
      const answer = given === '' ? standard : given;
      const problem = objection(answer);
      if (problem === undefined) return answer;
      this.#output.write(`${problem}\n`);
    }
  }

  async one<Value>(question: string, choices: readonly Choice<Value>[], standard: Value): Promise<Value> {
    const [value] = await this.#pick(question, choices, [standard], 1);
    return value ?? standard;
  }

  several<Value>(question: string, choices: readonly Choice<Value>[], standard: readonly Value[]) {
    return this.#pick(question, choices, standard, choices.length);
  }

  async yes(question: string, standard: boolean): Promise<boolean> {
    for (;;) {
      const answer = (await this.#ask(`\n${question} [${standard ? 'yes' : 'no'}]:`)).toLowerCase();
      if (answer === '') return standard;
      if (/^(?:y|yes|j|ja)$/.test(answer)) return true;
      if (/^(?:n|no|nein)$/.test(answer)) return false;
      this.#output.write('yes or no, please.\n');
    }
  }

  close(): void {
    this.#lines.close();
  }

  async #pick<Value>(
    question: string,
    choices: readonly Choice<Value>[],
    standard: readonly Value[],
    most: number,
  ): Promise<readonly Value[]> {
    this.#output.write(`\n${question}\n${choices.map(({ label }, i) => `  ${i + 1}  ${label}\n`).join('')}`);
    const numbers = standard.map((value) => choices.findIndex((choice) => choice.value === value) + 1);
    const word = most === 1 ? 'Number' : 'Numbers, with commas';
    for (;;) {
      const answer = await this.#ask(`${word} [${numbers.join(',')}]:`);
      if (answer === '') return standard;
      const picked = answer.split(/[\s,]+/).filter((part) => part !== '');
      const isGood = picked.every((part) => /^\d+$/.test(part) && choices[Number(part) - 1] !== undefined);
      if (isGood && picked.length > 0 && picked.length <= most)
        return choices
          .filter((_, i) => picked.some((part) => Number(part) === i + 1))
          .map(({ value }) => value);
      this.#output.write(
        `${most === 1 ? 'A number' : 'Numbers'} from 1 to ${choices.length}, please${most === 1 ? '' : ', such as 1,2'}.\n`,
      );
    }
  }

  async #ask(question: string): Promise<string> {
    this.#output.write(`${question} `);
    const { value, done } = await Promise.race([this.#answers.next(), aborted(this.#signal)]);
    if (done !== true) return value.trim();
    throw cliErrors.error('LS-CLI-010', {
      what: 'the input ended before the last question was answered',
      why: 'nothing was written',
      fix: 'answer all of them, or take the defaults with --yes',
    });
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
