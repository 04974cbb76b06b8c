import { type Objection, quote } from '../objections.ts';
import type { Action, Token } from './actions.ts';
import { type Fault, objectToLiteral } from './literals.ts';
import { objectToPipeline } from './pipeline.ts';

interface Block {
  /** What opened it; empty for the text itself. */
  readonly keyword: string;
  readonly action: string;
  /** Known inside, with their `$`. */
  readonly variables: Set<string>;
  /** A `{{ break }}` may come: in a range, but not behind its `{{ else }}`. */
  isRepeated: boolean;
  hasElse: boolean;
  /** Of a `define` or a `block`: its name, and whether anything but white space is in it. */
  readonly name: string;
  isEmpty: boolean;
}

const HAS_ELSE: ReadonlySet<string> = new Set(['if', 'range', 'with']);
const ALONE: Fault = { what: 'with more than its word', fix: 'delete what stands behind it' };
const NAMELESS: Fault = { what: 'without the name of a template', fix: 'write the name in quotation marks' };

/** Judges a text action by action, as Go's text/template/parse/parse.go (1.26) does. */
export class TemplateBlocks {
  readonly #root = openBlock('', '', {});
  readonly #open: Block[] = [];
  readonly #defined = new Set<string>();

  /** Why the text cannot be read, if this action is to blame; after that no more may be given. */
  take(action: Action): Objection | undefined {
    if (action.isBehindText) this.#block.isEmpty = false;
    if (action.isComment) return undefined;
    const fault = this.#takeTokens(action.text, withoutSpace(action.tokens));
    return fault && { problem: `has ${quote(action.text)} ${fault.what}`, fix: fault.fix };
  }

  end(): Objection | undefined {
    const block = this.#open.at(-1);
    return (
      block && {
        problem: `has ${quote(block.action)} without its end`,
        fix: 'add `{{ end }}` behind what belongs to it',
      }
    );
  }

  get #block(): Block {
    return this.#open.at(-1) ?? this.#root;
  }

  #takeTokens(action: string, tokens: readonly Token[]): Fault | undefined {
    const [first] = tokens;
    const keyword = first?.kind === 'keyword' ? first.text : '';
    const rest = keyword === '' ? tokens : withoutSpace(tokens.slice(1));
    if (keyword === 'end') return this.#close(rest);
    this.#block.isEmpty = false;
    if (keyword === 'else') return this.#takeElse(rest);
    if (keyword === 'define' || keyword === 'block') return this.#openTemplate(keyword, action, rest);
    if (keyword === 'break' || keyword === 'continue') return this.#takeBreak(rest);
    if (keyword === 'template') return this.#takeTemplate(rest);
    if (keyword === '') return objectToPipeline(rest, this.#block.variables);
    const { variables, isRepeated } = this.#block;
    const block = openBlock(keyword, action, { variables, isRepeated: isRepeated || keyword === 'range' });
    this.#open.push(block);
    return objectToPipeline(rest, block.variables, { isRange: keyword === 'range' });
  }

  #takeElse(rest: readonly Token[]): Fault | undefined {
    const block = this.#block;
    if (!HAS_ELSE.has(block.keyword))
      return { what: 'outside of a block', fix: 'write `{{ if … }}` before it' };
    if (block.hasElse)
      return {
        what: 'behind the `{{ else }}` of the same block',
        fix: 'a block has one, as its last part: delete it, or write `{{ else if … }}` before the other',
      };
    const [next] = rest;
    if (next?.kind === 'keyword' && next.text === block.keyword && next.text !== 'range')
      return objectToPipeline(withoutSpace(rest.slice(1)), block.variables);
    if (next)
      return {
        what: `in a block of \`${block.keyword}\``,
        fix: 'write `{{ else }}` alone, and put the rest into a block of its own',
      };
    block.hasElse = true;
    if (block.keyword === 'range') block.isRepeated = this.#open.at(-2)?.isRepeated ?? false;
    return undefined;
  }

  #openTemplate(keyword: string, action: string, rest: readonly Token[]): Fault | undefined {
    if (keyword === 'define' && this.#open.length > 0)
      return { what: 'inside of a block', fix: 'put it before everything else' };
    const [name] = rest;
    if (name?.kind !== 'text') return NAMELESS;
    const behind = withoutSpace(rest.slice(1));
    const fault =
      objectToLiteral(name) ??
      (keyword === 'block' ? objectToPipeline(behind, this.#block.variables) : alone(behind));
    if (fault) return fault;
    this.#open.push(openBlock(keyword, action, { name: name.text.slice(1, -1) }));
    return undefined;
  }

  #takeTemplate([name, ...rest]: readonly Token[]): Fault | undefined {
    if (name?.kind !== 'text') return NAMELESS;
    const data = withoutSpace(rest);
    return (
      objectToLiteral(name) ?? (data.length === 0 ? undefined : objectToPipeline(data, this.#block.variables))
    );
  }

  #takeBreak(rest: readonly Token[]): Fault | undefined {
    if (this.#block.isRepeated) return alone(rest);
    return { what: 'outside of a `{{ range … }}`', fix: 'delete it' };
  }

  #close(rest: readonly Token[]): Fault | undefined {
    const fault = alone(rest);
    if (fault) return fault;
    const block = this.#open.pop();
    if (!block) return { what: 'that ends nothing', fix: 'delete it, or open what it should close' };
    if (HAS_ELSE.has(block.keyword) || block.isEmpty) return undefined;
    if (this.#defined.has(block.name))
      return {
        what: `of a second template ${quote(block.name)}`,
        fix: 'give one of them another name',
      };
    this.#defined.add(block.name);
    return undefined;
  }
}

function openBlock(
  keyword: string,
  action: string,
  {
    name = '',
    variables = ['$'],
    isRepeated = false,
  }: { readonly name?: string; readonly variables?: Iterable<string>; readonly isRepeated?: boolean },
): Block {
  return { keyword, action, variables: new Set(variables), isRepeated, hasElse: false, name, isEmpty: true };
}

function withoutSpace(tokens: readonly Token[]): readonly Token[] {
  return tokens[0]?.kind === 'space' ? tokens.slice(1) : tokens;
}

function alone(rest: readonly Token[]): Fault | undefined {
  return rest.length === 0 ? undefined : ALONE;
}
