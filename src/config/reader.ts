import { type Document, isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { SecretReference } from '../stack/secret.ts';
import { type Finding, inPath, pathText } from './finding.ts';
import { substitute } from './interpolation.ts';
import { REMOVED } from './overlay.ts';
import { Places } from './places.ts';
import { childSchemas, isMapping, type Path, type Schema, takesSecret } from './schema-tree.ts';
import type { Span } from './source-text.ts';

const MAX_DEPTH = 40;
/** More than any stack has, and little enough that aliases of aliases cannot fill the memory. */
const MAX_ALIASED_VALUES = 10_000;

export interface SecretUse {
  readonly name: string;
  readonly path: Path;
  readonly span: Span;
}

/** `path` of a reference that cannot be filled in: it matters only where the value is in force. */
export interface ReadFinding extends Finding {
  readonly path?: Path;
}

export interface ReadDocument {
  /** Plain data with `SecretReference` objects in it. */
  readonly value: unknown;
  readonly places: Places;
  readonly findings: readonly ReadFinding[];
  readonly secrets: readonly SecretUse[];
}

/**
 * Turns the YAML nodes into data: references are filled in, aliases followed, an empty mapping completed (`alertmanager:`
 * is `{}`), and the place of every key and value kept.
 */
export function readDocument(
  document: Document.Parsed,
  schemas: readonly Schema[],
  options: { readonly text: string; lookUp(name: string): string | undefined },
): ReadDocument {
  const reader = new Reader(options);
  const value = reader.read(document.contents, schemas, [], undefined);
  return { value, places: reader.places, findings: reader.findings, secrets: reader.secrets };
}

class Reader {
  readonly places = new Places();
  readonly findings: ReadFinding[] = [];
  readonly secrets: SecretUse[] = [];
  readonly #text: string;
  readonly #lookUp: (name: string) => string | undefined;
  readonly #anchors = new Map<string, ParsedNode>();
  readonly #open = new Set<ParsedNode>();
  /** Set while an alias is followed: what is read then is written elsewhere. */
  #aliasSpan: Span | undefined;
  #aliasedValues = 0;

  constructor(options: { readonly text: string; lookUp(name: string): string | undefined }) {
    this.#text = options.text;
    this.#lookUp = (name) => options.lookUp(name);
  }

  read(node: ParsedNode | null, schemas: readonly Schema[], path: Path, key: Span | undefined): unknown {
    const span = this.#aliasSpan ?? spanOf(node) ?? key ?? { start: 0, end: 0 };
    const isPlain = node === null || isScalar(node) || isAlias(node) || this.#aliasSpan !== undefined;
    this.places.add(path, { key, value: span, isPlain });
    if (node === null) return emptyValue(schemas);
    if (isAlias(node)) return this.#follow(node.source, schemas, path, key, span);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (this.#aliasSpan !== undefined && ++this.#aliasedValues > MAX_ALIASED_VALUES)
      return this.#explode(path, span);
    if (path.length > MAX_DEPTH)
      return this.#refuse(path, span, `values are nested ${MAX_DEPTH} levels deep`);
    if (isScalar(node)) {
      // Of the node itself: behind an alias, an empty value stays an empty one.
      if (node.value === null) return isRemoval(path, spanOf(node)) ? REMOVED : emptyValue(schemas);
      return this.#scalar(node.value, node.type === 'PLAIN', schemas, path, span);
    }
    this.#open.add(node);
    const value = isMap(node) ? this.#mapping(node.items, schemas, path) : this.#list(node, schemas, path);
    this.#open.delete(node);
    return value;
  }

  #mapping(
    items: readonly { readonly key: ParsedNode; readonly value: ParsedNode | null }[],
    schemas: readonly Schema[],
    path: Path,
  ): unknown {
    const value: Record<string, unknown> = {};
    const seen = new Map<string, Span>();
    for (const item of items) {
      const key = this.#aliasSpan ?? spanOf(item.key) ?? { start: 0, end: 0 };
      if (!isScalar(item.key)) {
        this.#refuse([...path, '?'], key, 'a key must be plain text');
        continue;
      }
      const name = String(item.key.value);
      if (name === '__proto__') {
        this.findings.push({
          code: 'LS-CONFIG-004',
          what: `unknown key \`__proto__\`${inPath(path)}`,
          span: key,
        });
      } else if (seen.has(name)) {
        this.#refuseTwice(name, schemas, path, key);
      } else {
        seen.set(name, key);
        value[name] = this.read(item.value, childSchemas(schemas, name), [...path, name], key);
      }
    }
    return value;
  }

  #list(node: ParsedNode, schemas: readonly Schema[], path: Path): unknown {
    if (!isSeq(node)) return undefined;
    const inner = childSchemas(schemas, 0);
    return node.items.map((item, index) =>
      this.read(item as ParsedNode | null, inner, [...path, index], undefined),
    );
  }

  #scalar(value: unknown, isPlain: boolean, schemas: readonly Schema[], path: Path, span: Span): unknown {
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value !== 'string')
      return this.#refuse(path, span, `${pathText(path)} has a YAML type that is not used here`);
    const result = substitute(value, { isPlain, schemas, path, lookUp: this.#lookUp });
    if (result.problems.length > 0) {
      for (const { raw, ...problem } of result.problems)
        this.findings.push({ ...problem, path, span: this.#spanOfReference(raw, span) });
      this.places.spoil(path);
      return value;
    }
    if (result.value instanceof SecretReference && takesSecret(schemas))
      this.secrets.push({ name: result.value.name, path, span });
    return result.value === null ? emptyValue(schemas) : result.value;
  }

  #follow(
    source: string,
    schemas: readonly Schema[],
    path: Path,
    key: Span | undefined,
    span: Span,
  ): unknown {
    const target = this.#anchors.get(source);
    if (!target)
      return this.#refuse(
        path,
        span,
        'the alias has no anchor above it',
        `put an anchor before the value that is meant, or write the value again`,
      );
    if (this.#open.has(target))
      return this.#refuse(path, span, 'the alias stands inside of what it stands for');
    const outer = this.#aliasSpan;
    this.#aliasSpan = span;
    const value = this.read(target, schemas, path, key);
    this.#aliasSpan = outer;
    return value;
  }

  #refuse(path: Path, span: Span, what: string, fix?: string): undefined {
    this.findings.push({ code: 'LS-CONFIG-003', what, fix, span });
    this.places.spoil(path);
    return undefined;
  }

  /** One bomb is one finding, not ten thousand. */
  #explode(path: Path, span: Span): undefined {
    if (this.#aliasedValues === MAX_ALIASED_VALUES + 1)
      return this.#refuse(path, span, `aliases stand for more than ${MAX_ALIASED_VALUES} values`);
    this.places.spoil(path);
    return undefined;
  }

  #refuseTwice(name: string, schemas: readonly Schema[], path: Path, span: Span): void {
    const shown = schemas.some(isMapping) ? `the key \`${name}\`` : 'a key';
    this.findings.push({
      code: 'LS-CONFIG-020',
      what: `${shown} is written twice${inPath(path)}`,
      fix: 'delete one of the two lines',
      span,
    });
  }

  /** The reference's own place where the file has it word for word, else the whole value. */
  #spanOfReference(raw: string, span: Span): Span {
    const at = this.#text.slice(span.start, span.end).indexOf(raw);
    return at === -1 ? span : { start: span.start + at, end: span.start + at + raw.length };
  }
}

/** `null` written out for a key of an overlay; an empty value has no characters, and lists are replaced as a whole. */
function isRemoval(path: Path, span: Span | undefined): boolean {
  const isKey = path.length > 2 && path.every((step) => typeof step === 'string');
  return path[0] === 'environments' && isKey && span !== undefined && span.end > span.start;
}

function spanOf(node: ParsedNode | null): Span | undefined {
  return node?.range ? { start: node.range[0], end: node.range[1] } : undefined;
}

/** Nothing, where a mapping is wanted, is an empty mapping. */
function emptyValue(schemas: readonly Schema[]): unknown {
  return schemas.some(isMapping) ? {} : null;
}
