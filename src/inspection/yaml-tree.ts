import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Document,
  type YAMLMap,
} from 'yaml';
import { describeSyntax } from '../config/yaml-messages.ts';
import type { Where } from '../platform/errors.ts';

/** A YAML value with the place where it stands. */
export type Tree = ScalarTree | ListTree | MappingTree;

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly value: unknown;
  readonly where: Where;
  /** Of a literal block (`|`): the text's first line in the file and its indentation. */
  readonly block?: { readonly line: number; readonly indent: number };
}

export interface ListTree {
  readonly kind: 'list';
  readonly items: readonly Tree[];
  readonly where: Where;
}

export interface MappingTree {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly where: Where;
}

export interface Entry {
  /** Where the key stands. */
  readonly where: Where;
  readonly value: Tree;
}

export interface YamlProblem {
  readonly what: string;
  readonly fix: string | undefined;
  readonly where: Where;
}

export interface YamlFile {
  readonly file: string;
  readonly text: string;
  readonly documents: readonly Tree[];
  readonly problems: readonly YamlProblem[];
}

/** A file of a hundred levels is nobody's configuration; deeper ones would exhaust the stack. */
const MAX_DEPTH = 100;

/** Takes the text apart once. The library's own messages are not passed on: they quote what may be a secret. */
export function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
      version: '1.2',
    });
    const reader = new Reader(file, text, lines);
    const documents = Array.isArray(parsed) ? parsed : [];
    return {
      file,
      text,
      documents: documents.flatMap((document) => {
        const tree = document.contents === null ? undefined : reader.tree(document, document.contents);
        return tree === undefined ? [] : [tree];
      }),
      problems: documents.flatMap(({ errors }) =>
        errors.slice(0, 1).map((error) => ({
          ...describeSyntax(error),
          fix: describeSyntax(error).fix,
          where: reader.where(error.pos[0]),
        })),
      ),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const what = 'the file is nested too deeply to be read';
    return { file, text, documents: [], problems: [{ what, fix: undefined, where: { file } }] };
  }
}

class Reader {
  readonly #file: string;
  readonly #text: string;
  readonly #lines: LineCounter;

  constructor(file: string, text: string, lines: LineCounter) {
    this.#file = file;
    this.#text = text;
    this.#lines = lines;
  }

  where(offset: number): Where {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  tree(document: Document.Parsed, node: Node, depth = 0): Tree | undefined {
    if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
    const where = this.where(node.range?.[0] ?? 0);
    if (isAlias(node)) {
      const target = (node as Alias).resolve(document);
      return target === undefined ? undefined : this.tree(document, target, depth + 1);
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => this.tree(document, item as Node, depth + 1));
      return { kind: 'list', items: items.filter((item) => item !== undefined), where };
    }
    if (isMap(node)) return { kind: 'mapping', entries: this.#entries(document, node, depth), where };
    if (!isScalar(node)) return undefined;
    const block = node.type === 'BLOCK_LITERAL' ? this.#block(node.range?.[0] ?? 0) : undefined;
    return { kind: 'scalar', value: node.value, where, ...(block ? { block } : {}) };
  }

  /** With what `<<` merges in, which compose files live on. */
  #entries(document: Document.Parsed, map: YAMLMap, depth: number): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const pair of map.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const value = pair.value === null ? undefined : this.tree(document, pair.value as Node, depth + 1);
      const where = this.where(pair.key.range?.[0] ?? 0);
      if (pair.key.value === '<<') {
        for (const merged of value === undefined ? [] : value.kind === 'list' ? value.items : [value]) {
          if (merged.kind !== 'mapping') continue;
          for (const [key, entry] of merged.entries) if (!entries.has(key)) entries.set(key, entry);
        }
        continue;
      }
      entries.set(String(pair.key.value), { where, value: value ?? { kind: 'scalar', value: null, where } });
    }
    return entries;
  }

  #block(offset: number): { line: number; indent: number } | undefined {
    const start = this.#text.indexOf('\n', offset) + 1;
    if (start === 0) return undefined;
    const indent = /^[ ]*(?=\S)/m.exec(this.#text.slice(start))?.[0].length ?? 0;
    return { line: this.#lines.linePos(start).line, indent };
  }
}

/** The value below a path of keys; undefined as soon as something is missing or no mapping. */
export function at(tree: Tree | undefined, ...path: readonly string[]): Tree | undefined {
  let current = tree;
  for (const key of path) {
    if (current?.kind !== 'mapping') return undefined;
    current = current.entries.get(key)?.value;
  }
  return current;
}

export function entriesOf(tree: Tree | undefined): readonly (readonly [string, Entry])[] {
  return tree?.kind === 'mapping' ? [...tree.entries] : [];
}

/** The list's items; a single value counts as a list of one, as some programs take it. */
export function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : [];
}

/** A scalar as text; undefined for nothing, lists and mappings. */
export function textOf(tree: Tree | undefined): string | undefined {
  const value = tree?.kind === 'scalar' ? tree.value : undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : undefined;
}

export function textsOf(tree: Tree | undefined): readonly string[] {
  return itemsOf(tree).flatMap((item) => textOf(item) ?? []);
}

/** The place of a character in a scalar, as exactly as its style lets us say. */
export function placeIn(tree: Tree, offset: number): Where {
  if (tree.kind !== 'scalar' || tree.block === undefined || typeof tree.value !== 'string') return tree.where;
  const before = tree.value.slice(0, offset).split('\n');
  return {
    file: tree.where.file,
    line: tree.block.line + before.length - 1,
    column: tree.block.indent + (before.at(-1)?.length ?? 0) + 1,
  };
}
