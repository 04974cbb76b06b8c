// One pipeline of a template, judged as Go's text/template/parse/parse.go (1.26) does it: `$x := .A.B | join (f .C) "d"`.
import { quote } from '../objections.ts';
import type { Token, TokenKind } from './actions.ts';
import { type Fault, objectToLiteral } from './literals.ts';

interface Pipeline {
  /** `start`: declarations may come; `command`: its first operand has to; `operand`: one more may; `behind`: right behind one. */
  state: 'start' | 'command' | 'operand' | 'behind';
  commands: number;
  declared: number;
  /** Kind of the operand that was read last; `close` for a pipeline in parentheses. */
  last: TokenKind;
}

/** No number, text or `.` can be called, or have fields. */
const VALUES: ReadonlySet<TokenKind> = new Set(['text', 'character', 'number', 'constant', 'dot']);
const OPERANDS: ReadonlySet<TokenKind> = new Set([...VALUES, 'field', 'variable', 'function']);

/** Go's limit of parentheses in parentheses, text/template/parse/parse.go. */
const MAX_DEPTH = 10_000;

const SPACED = 'names, fields, variables and texts need a space between them';

/**
 * Judges what is left of an action. `variables` are those known here, with their `$`; those that it declares are added.
 * The lexer has seen to it that parentheses match. Without recursion: a text may nest as deep as it likes.
 */
export function objectToPipeline(
  tokens: readonly Token[],
  variables: Set<string>,
  { isRange = false }: { readonly isRange?: boolean } = {},
): Fault | undefined {
  const outer: Pipeline[] = [];
  let pipeline = begin();
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    if (token.kind === 'open') {
      if (pipeline.state === 'behind') return { what: 'with `(` right behind an argument', fix: SPACED };
      if (outer.push(pipeline) > MAX_DEPTH)
        return { what: 'with too many parentheses in parentheses', fix: 'use variables' };
      pipeline = begin();
    } else if (token.kind === 'close') {
      const fault = objectToEnd(pipeline);
      if (fault) return fault;
      pipeline = outer.pop() ?? begin();
      takeOperand(pipeline, 'close');
    } else {
      const declaration = pipeline.state === 'start' ? declarationAt(tokens, at) : undefined;
      const fault = declaration
        ? declare(pipeline, declaration, isRange && outer.length === 0)
        : objectToToken(pipeline, token, variables);
      if (fault) return fault;
      if (declaration) {
        variables.add(token.text);
        at = declaration.end;
      }
    }
  }
  return objectToEnd(pipeline);
}

function begin(): Pipeline {
  return { state: 'start', commands: 0, declared: 0, last: 'space' };
}

interface Declaration {
  readonly sign: string;
  /** The token that the sign is. */
  readonly end: number;
  readonly next: TokenKind | undefined;
}

/** A variable with `:=`, `=` or a comma behind it. */
function declarationAt(tokens: readonly Token[], at: number): Declaration | undefined {
  if (tokens[at]?.kind !== 'variable') return undefined;
  const end = behindSpace(tokens, at + 1);
  const sign = tokens[end];
  if (sign?.kind !== 'sign' || sign.text === '|') return undefined;
  return { sign: sign.text, end, next: tokens[behindSpace(tokens, end + 1)]?.kind };
}

function behindSpace(tokens: readonly Token[], at: number): number {
  return tokens[at]?.kind === 'space' ? at + 1 : at;
}

function declare(pipeline: Pipeline, { sign, next }: Declaration, isRange: boolean): Fault | undefined {
  pipeline.declared += 1;
  if (sign !== ',') {
    pipeline.state = 'command';
    return undefined;
  }
  if (isRange && pipeline.declared < 2 && next === 'variable') return undefined;
  return {
    what: 'with more variables than it can declare',
    fix: 'only a range has two: `{{ range $index, $value := .Alerts }}`',
  };
}

function objectToToken(
  pipeline: Pipeline,
  { kind, text }: Token,
  variables: ReadonlySet<string>,
): Fault | undefined {
  const { state } = pipeline;
  if (kind === 'space') {
    if (state === 'behind') pipeline.state = 'operand';
    return undefined;
  }
  if (text === '|') {
    if (state === 'start' || state === 'command')
      return { what: 'with nothing before a `|`', fix: 'write what goes into it, or delete the `|`' };
    pipeline.state = 'command';
    return undefined;
  }
  if (kind === 'field' && state === 'behind')
    return VALUES.has(pipeline.last)
      ? { what: `with ${quote(text)} of what has no fields`, fix: 'delete it' }
      : undefined;
  if (!OPERANDS.has(kind))
    return {
      what: `with ${quote(text)} where a value belongs`,
      fix: 'take it out, or put it into an action of its own',
    };
  if (state === 'behind') return { what: `with ${quote(text)} right behind an argument`, fix: SPACED };
  return objectToOperand(pipeline, { kind, text }, variables);
}

function objectToOperand(
  pipeline: Pipeline,
  { kind, text }: Token,
  variables: ReadonlySet<string>,
): Fault | undefined {
  if (pipeline.state !== 'operand' && pipeline.commands > 0 && VALUES.has(kind))
    return {
      what: `with ${quote(text)} behind a \`|\``,
      fix: 'what a `|` leads to is a function, a field or a variable',
    };
  if (kind === 'variable' && !variables.has(text))
    return {
      what: `with ${quote(text)}, which is declared nowhere before`,
      fix: `write \`{{ ${text} := … }}\` before it`,
    };
  const fault = objectToLiteral({ kind, text });
  if (fault) return fault;
  takeOperand(pipeline, kind);
  return undefined;
}

function takeOperand(pipeline: Pipeline, kind: TokenKind): void {
  if (pipeline.state !== 'operand') pipeline.commands += 1;
  pipeline.state = 'behind';
  pipeline.last = kind;
}

function objectToEnd(pipeline: Pipeline): Fault | undefined {
  if (pipeline.commands > 0) return undefined;
  if (pipeline.declared > 0) return { what: 'with a variable that gets no value', fix: 'write its value' };
  return { what: 'with nothing in it', fix: 'delete it, or write what it should print' };
}
