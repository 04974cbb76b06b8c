export interface DotenvProblem {
  readonly line: number;
  /** Never holds a value. */
  readonly what: string;
  readonly fix: string;
}

export interface Dotenv {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly DotenvProblem[];
}

const START = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * The text of a `.env` file: `KEY=value`, with `export` before it or not; single quotes take everything as it is, double
 * quotes know `\n \r \t \" \\ \$`, both may span lines; ` #` starts a comment. Variables in values are not expanded.
 */
export function parseDotenv(text: string): Dotenv {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const values = new Map<string, string>();
  const problems: DotenvProblem[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (/^\s*(#|$)/.test(line)) continue;
    const start = START.exec(line);
    const key = start?.[1];
    if (!start || key === undefined) {
      problems.push({
        line: at + 1,
        what: 'this line is no KEY=value',
        fix: 'write KEY=value, or # before a comment',
      });
      continue;
    }
    const entry = readValue(lines, at, start[0].length);
    if (typeof entry === 'string') problems.push({ line: at + 1, what: `${key} ${entry}`, fix: QUOTES_FIX });
    else if (values.has(key))
      problems.push({ line: at + 1, what: `${key} is written twice`, fix: 'delete one of the two lines' });
    else values.set(key, entry.value);
    if (typeof entry !== 'string') at = entry.line;
  }
  return { values, problems };
}

const QUOTES_FIX =
  'close the quote at the end of the value; a quote in it goes into the other kind of quotes';

/** The value and the line it ends on, or what is wrong with it. */
function readValue(
  lines: readonly string[],
  line: number,
  column: number,
): { readonly value: string; readonly line: number } | string {
  const rest = (lines[line] ?? '').slice(column);
  const mark = rest[0];
  if (mark !== "'" && mark !== '"') return { value: rest.replace(/(^|[ \t]+)#.*$/, '').trimEnd(), line };
  let value = '';
  let at = line;
  for (let tail = rest.slice(1); ; ) {
    const piece = readQuoted(tail, mark);
    value += piece.value;
    if (piece.rest !== undefined)
      return /^\s*(#.*)?$/.test(piece.rest) ? { value, line: at } : 'has text behind its closing quote';
    at += 1;
    const next = lines[at];
    if (next === undefined) return 'has no closing quote';
    value += '\n';
    tail = next;
  }
}

/** One line of a quoted value; `rest` is what follows the closing quote, undefined when there is none. */
function readQuoted(text: string, mark: string): { readonly value: string; readonly rest?: string } {
  let value = '';
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? '';
    if (character === mark) return { value, rest: text.slice(i + 1) };
    const escaped = mark === '"' && character === '\\' ? text[i + 1] : undefined;
    if (escaped !== undefined && /[nrt"\\$]/.test(escaped)) {
      value += ESCAPES[escaped] ?? escaped;
      i += 1;
    } else value += character;
  }
  return { value };
}
