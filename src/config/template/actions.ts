// A text in Alertmanager's template language, taken apart as Go's text/template/parse/lex.go (1.26) does it.
import { type Objection, quote } from '../objections.ts';
import { BUILT_IN, CONSTANTS, KEYWORDS } from './language.ts';

export type TokenKind =
  | 'space'
  | 'text'
  | 'character'
  | 'number'
  | 'field'
  | 'dot'
  | 'variable'
  | 'keyword'
  | 'constant'
  | 'function'
  | 'sign'
  | 'open'
  | 'close';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

/** What stands between `{{` and `}}`; a comment has no tokens. */
export interface Action {
  readonly text: string;
  readonly isComment: boolean;
  readonly tokens: readonly Token[];
  /** Anything but white space between the action before this one and this. */
  readonly isBehindText: boolean;
}

/** What follows a name: `$x+2` is refused so that arithmetic may come one day. */
const BEHIND_NAME = String.raw`(?=[ \t\r\n.,|:()]|\}\}|$)`;

const TOKEN = new RegExp(
  [
    String.raw`(?<space>[ \t\r\n]+)`,
    String.raw`(?<text>"(?:[^"\\\n]|\\[^\n])*"|\x60[^\x60]*\x60)`,
    String.raw`(?<character>'(?:[^'\\\n]|\\[^\n])*')`,
    String.raw`(?<number>[+-]?\.?\d(?:[eEpP][+-]|[.\p{L}\p{Nd}_])*(?:[+-][\d._]+i)?)`,
    String.raw`(?<name>[.$]?[\p{L}\p{Nd}_]+${BEHIND_NAME}|[.$]${BEHIND_NAME})`,
    String.raw`(?<sign>:=|[=|,])`,
    String.raw`(?<open>\()`,
    String.raw`(?<close>\))`,
  ].join('|'),
  'uy',
);
const START = /\{\{(?:-[ \t\r\n])?/y;
const END = /(?:[ \t\r\n]+-)?\}\}/y;
const COMMENT = /\/\*[^]*?\*\//y;

/** The actions of a text up to the first that cannot be taken apart, and what is wrong with that one. */
export function actionsIn(text: string): {
  readonly actions: readonly Action[];
  readonly objection?: Objection;
} {
  const actions: Action[] = [];
  let behind = 0;
  for (let at = text.indexOf('{{'); at !== -1; at = text.indexOf('{{', behind)) {
    const contents = contentsAt(text, at);
    if ('problem' in contents) return { actions, objection: contents };
    const isBehindText = text.slice(behind, at).trim() !== '';
    behind = contents.end;
    actions.push({
      text: text.slice(at, behind),
      isComment: contents.isComment,
      tokens: contents.tokens,
      isBehindText,
    });
  }
  return { actions };
}

/** Names of functions that are called, those of Go left out. */
export function functionsIn(actions: readonly Action[]): readonly string[] {
  const tokens = actions.flatMap((action) => action.tokens);
  const names = tokens.filter(({ kind }) => kind === 'function').map((token) => token.text);
  return [...new Set(names)].filter((name) => !BUILT_IN.has(name));
}

type Contents = { readonly tokens: readonly Token[]; readonly isComment: boolean; readonly end: number };

function contentsAt(text: string, start: number): Contents | Objection {
  let at = start + (matchAt(START, text, start)?.[0].length ?? 0);
  if (text.startsWith('/*', at)) return commentAt(text, start, at);
  const tokens: Token[] = [];
  let depth = 0;
  for (;;) {
    const [end] = matchAt(END, text, at) ?? [];
    if (end !== undefined) {
      const behind = at + end.length;
      if (depth === 0) return { tokens, isComment: false, end: behind };
      return objectToParentheses(text.slice(start, behind));
    }
    const found = matchAt(TOKEN, text, at);
    if (!found) return objectToRest(text, start, at);
    const token = tokenOf(found);
    at += token.text.length;
    if (token.kind === 'open') depth += 1;
    if (token.kind === 'close') depth -= 1;
    if (depth < 0) return objectToParentheses(text.slice(start, at));
    tokens.push(token);
  }
}

function commentAt(text: string, start: number, at: number): Contents | Objection {
  const comment = matchAt(COMMENT, text, at);
  if (!comment)
    return {
      problem: `has ${quote(text.slice(start))}, which is never closed`,
      fix: 'close it with `*/}}`',
    };
  const behind = at + comment[0].length;
  const end = matchAt(END, text, behind);
  if (end) return { tokens: [], isComment: true, end: behind + end[0].length };
  return {
    problem: `has ${quote(text.slice(start, behind))} without \`}}\` right behind it`,
    fix: 'a comment is all that its braces hold: `{{/* like this */}}`',
  };
}

function tokenOf(match: RegExpExecArray): Token {
  const [text] = match;
  const { groups = {} } = match;
  if (groups['name'] === undefined) {
    const kind = (Object.keys(groups) as TokenKind[]).find((one) => groups[one] !== undefined);
    return { kind: kind ?? 'space', text };
  }
  if (text === '.') return { kind: 'dot', text };
  if (text.startsWith('.')) return { kind: 'field', text };
  if (text.startsWith('$')) return { kind: 'variable', text };
  if (KEYWORDS.has(text)) return { kind: 'keyword', text };
  return { kind: CONSTANTS.has(text) ? 'constant' : 'function', text };
}

function objectToParentheses(action: string): Objection {
  return {
    problem: `has ${quote(action)}, whose parentheses do not match`,
    fix: 'each `(` needs its `)`',
  };
}

/** Of an action that goes on at `at` with nothing that the language has. */
function objectToRest(text: string, start: number, at: number): Objection {
  const close = text.indexOf('}}', at);
  if (close === -1 || text.startsWith('{{', at) || '"`\''.includes(text.charAt(at)))
    return {
      problem: `has ${quote(text.slice(start))}, which is never closed`,
      fix: 'close it with `}}`; quotation marks inside come in pairs',
    };
  const behind = close + 2;
  return {
    problem: `has ${quote(text.slice(start, behind))}, which cannot be read from ${quote(text.slice(at, behind))} on`,
    fix: 'it takes names, .fields, $variables, numbers and texts in quotation marks, with spaces between them',
  };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
