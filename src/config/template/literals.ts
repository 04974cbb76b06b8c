import { quote } from '../objections.ts';
import type { Token, TokenKind } from './actions.ts';

/** Why an action of a template cannot be read, as the rest of a sentence that starts with the action. */
export interface Fault {
  readonly what: string;
  readonly fix: string;
}

const ESCAPE = String.raw`\\(?:[abfnrtv\\]|[0-3][0-7]{2}|x[\da-fA-F]{2}|u(?![dD][89a-fA-F])[\da-fA-F]{4}|U(?!0000[dD][89a-fA-F])00(?:0[\da-fA-F]|10)[\da-fA-F]{4})`;
const DIGITS = String.raw`\d(?:_?\d)*`;
const EXPONENT = String.raw`[+-]?${DIGITS}`;
const HEX = String.raw`(?:_?[\da-fA-F])`;
const NUMBER = [
  String.raw`0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?\d)*|0[xX]${HEX}+`,
  String.raw`(?:${DIGITS}\.(?:${DIGITS})?|\.${DIGITS})(?:[eE]${EXPONENT})?|${DIGITS}[eE]${EXPONENT}`,
  String.raw`0[xX](?:${HEX}+\.?${HEX}*|\.${HEX}+)[pP]${EXPONENT}`,
].join('|');

const LITERALS: Partial<Record<TokenKind, { readonly pattern: RegExp; readonly fix: string }>> = {
  text: {
    pattern: new RegExp(String.raw`^(?:"(?:[^"\\]|${ESCAPE}|\\")*"|\x60[^\x60]*\x60)$`, 'u'),
    fix: 'write its backslashes twice, or the text in backquotes',
  },
  character: {
    pattern: new RegExp(String.raw`^'(?:[^'\\]|${ESCAPE}|\\')'$`, 'u'),
    fix: 'single quotation marks hold one character; texts stand in double ones',
  },
  number: {
    pattern: new RegExp(String.raw`^[+-]?(?:${NUMBER})(?:(?:[+-](?:${NUMBER}))?i)?$`),
    fix: 'numbers are such as 10, -1.5 or 0x1F',
  },
};

/** Of a text, a character or a number that Go's strconv does not take. Not checked: that a number fits 64 bits. */
export function objectToLiteral({ kind, text }: Token): Fault | undefined {
  const literal = LITERALS[kind];
  if (!literal || literal.pattern.test(text)) return undefined;
  return { what: `with ${quote(text)}, which Go cannot read`, fix: literal.fix };
}
