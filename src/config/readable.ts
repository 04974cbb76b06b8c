import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar } from 'yaml';
import { nearest } from '../platform/nearest.ts';
import { holdsSecretKey } from './key-objections.ts';
import {
  childSchemas,
  hasSecretKeys,
  isMapping,
  isPublic,
  isShowableKey,
  knownKeys,
  type Schema,
} from './schema-tree.ts';
import type { Shown } from './source-text.ts';

/** A user and a password in a URL; the field need not be one of secrets. */
const HOLDS_LOGIN = /:\S+@/;

interface Walk {
  readonly text: string;
  /** The YAML is broken, so that anything may stand in anything's place. */
  readonly damaged: boolean;
  readonly shown: Shown[];
}

/**
 * Which keys and values of the file may be quoted in a message: values of fields that the schema knows and that are no
 * secrets. A value in an unknown place may be a secret under a misspelt key, so it is not shown where secrets belong.
 */
export function readableParts(
  root: unknown,
  schemas: readonly Schema[],
  options: { readonly text: string; readonly damaged: boolean },
): readonly Shown[] {
  const shown: Shown[] = [];
  visit(root as ParsedNode | null, schemas, { ...options, shown });
  return shown.sort((a, b) => a.start - b.start);
}

function visit(node: ParsedNode | null, schemas: readonly Schema[], walk: Walk): void {
  if (node === null) return;
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : undefined;
      addScalar(key, isReadableKey(name, value, schemas, walk.damaged), walk);
      visit(value, name === undefined ? [] : meantSchemas(name, schemas, walk.damaged), walk);
    }
  } else if (isSeq(node)) {
    for (const item of node.items) visit(item, childSchemas(schemas, 0), walk);
  } else if (isAlias(node)) {
    const [start, end] = node.range;
    walk.shown.push({ start, end, readable: !walk.damaged });
  } else {
    addScalar(node, isPublic(schemas) || (!walk.damaged && isReference(node.value)), walk);
  }
}

/** Beside keys that are no secrets, a misspelt one is most likely none either: `retension: 15d`. */
function meantSchemas(name: string, schemas: readonly Schema[], damaged: boolean): readonly Schema[] {
  const exact = childSchemas(schemas, name);
  if (exact.length > 0 || damaged || hasSecretKeys(schemas)) return exact;
  const meant = nearest(name, knownKeys(schemas) ?? []);
  return meant === undefined ? [] : childSchemas(schemas, meant);
}

/** A sound file's keys can be shown where keys belong; a broken one's only when they are known. */
function isReadableKey(
  name: string | undefined,
  value: unknown,
  schemas: readonly Schema[],
  damaged: boolean,
): boolean {
  if (name === undefined) return false;
  if (damaged) return knownKeys(schemas)?.includes(name) ?? false;
  return (
    schemas.some(isMapping) && isShowableKey(name, schemas) && !(hasNoValue(value) && hasSecretKeys(schemas))
  );
}

function addScalar(node: ParsedNode, readable: boolean, walk: Walk): void {
  if (!node.range) return;
  const [start, end] = node.range;
  if (end <= start) return;
  const source = walk.text.slice(start, end);
  const isWhole = !walk.damaged || (isScalar(node) && isTerminated(node, source));
  const isSecret = HOLDS_LOGIN.test(source) || holdsSecretKey(source);
  walk.shown.push({ start, end, readable: readable && isWhole && !isSecret });
}

/** `{hooks.example/x}` is a key without a value, to YAML. */
function hasNoValue(value: unknown): boolean {
  return value === null || (isScalar(value) && value.value === null);
}

/** The name of a secret is none. */
function isReference(value: unknown): boolean {
  return typeof value === 'string' && /^\$\{(?:secret|env):[A-Za-z_][A-Za-z0-9_]*\}$/.test(value);
}

function isTerminated(node: Scalar, source: string): boolean {
  if (source.includes('\n')) return false;
  if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE')
    return source.length > 1 && source.at(-1) === source[0];
  return node.type === 'PLAIN';
}
