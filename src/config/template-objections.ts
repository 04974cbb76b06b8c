import { nearest } from '../platform/nearest.ts';
import { describeType, type Objection, quote } from './objections.ts';
import { actionsIn, FUNCTIONS, functionsIn, keywordOf } from './template-language.ts';

const OPENING: ReadonlySet<string> = new Set(['if', 'range', 'with', 'define', 'block']);
/** More of them may follow, and an `else`. */
const ELSE_IF = /^\{\{-?\s*else\s+(?:if|with)\s/;

/**
 * Of a text in Alertmanager's template language: one that it cannot read. Alertmanager takes every text for good and fails
 * at each message; from 0.32 on it sends Slack a message without it. Not checked: names of fields and of templates.
 */
export function objectToTemplate(
  input: unknown,
  { mayBeEmpty = true }: { readonly mayBeEmpty?: boolean } = {},
): Objection | undefined {
  if (typeof input !== 'string') return { problem: `must be text, not ${describeType(input)}` };
  if (input === '' && !mayBeEmpty) return { problem: 'is empty', fix: 'write a text, or delete the line' };
  return objectToBlocks(input) ?? objectToFunctions(input);
}

function objectToBlocks(text: string): Objection | undefined {
  const open: { readonly words: string; hasElse: boolean }[] = [];
  for (const action of actionsIn(text)) {
    const words = quote(action.text);
    if (!action.isClosed)
      return {
        problem: `has ${words}, which is never closed`,
        fix: 'close it with `}}`; quotation marks inside come in pairs',
      };
    if (/^\{\{-?\s*-?\}\}$/.test(action.text))
      return { problem: `has ${words} with nothing in it`, fix: 'delete it, or write what it should print' };
    const keyword = keywordOf(action);
    if (OPENING.has(keyword)) open.push({ words, hasElse: false });
    const block = open.at(-1);
    if (keyword === 'else' && !block)
      return { problem: `has ${words} outside of a block`, fix: 'write `{{ if … }}` before it' };
    if (keyword === 'else' && block?.hasElse)
      return {
        problem: `has ${words} behind the \`{{ else }}\` of the same block`,
        fix: 'a block has one, as its last part: delete it, or write `{{ else if … }}` before the other',
      };
    if (block && keyword === 'else') block.hasElse = !ELSE_IF.test(action.text);
    if (keyword === 'end' && open.pop() === undefined)
      return { problem: 'has an `{{ end }}` too many', fix: 'delete it, or open what it should close' };
  }
  const last = open.at(-1);
  return last === undefined
    ? undefined
    : { problem: `has ${last.words} without its end`, fix: 'add `{{ end }}` behind what belongs to it' };
}

function objectToFunctions(text: string): Objection | undefined {
  const unknown = functionsIn(text).find((name) => !FUNCTIONS.has(name));
  if (unknown === undefined) return undefined;
  const meant = nearest(unknown, FUNCTIONS.keys());
  return {
    problem: `calls ${quote(unknown)}, which Alertmanager's template language does not have`,
    fix:
      meant === undefined
        ? `functions are: ${[...FUNCTIONS.keys()].join(', ')}`
        : `did you mean \`${meant}\`?`,
  };
}
