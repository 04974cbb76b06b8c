import { nearest } from '../platform/nearest.ts';
import { z } from 'zod';
import { type FieldKind, fieldKinds } from './fields.ts';

/** Any schema, as zod's containers hold it. */
export type Schema = z.core.$ZodType;

/** Keys and list positions from the root of the document. */
export type Path = readonly (string | number)[];

const LEAVES: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'enum', 'literal']);

/** The kind of a field, also through `.optional()` and `.default()`. */
export function kindOf(schema: Schema): FieldKind | undefined {
  for (let current: Schema | undefined = schema; current; current = innerOf(current)) {
    const kind = fieldKinds.get(current);
    if (kind) return kind;
  }
  return undefined;
}

/** The schema without `.optional()`, `.default()` and the like. */
export function unwrap(schema: Schema): Schema {
  const inner = innerOf(schema);
  return inner === undefined ? schema : unwrap(inner);
}

/** The default's value; undefined where there is none. */
export function defaultOf(schema: Schema): unknown {
  for (let current: Schema | undefined = schema; current; current = innerOf(current)) {
    if (current instanceof z.ZodDefault || current instanceof z.ZodPrefault) return current.def.defaultValue;
  }
  return undefined;
}

export function descriptionOf(schema: Schema): string | undefined {
  return metaOf(schema, 'description') as string | undefined;
}

/** A value of the field as somebody would write it, for "add this line". */
export function exampleOf(schema: Schema): string | undefined {
  const examples = metaOf(schema, 'examples');
  return Array.isArray(examples) && examples.length > 0 ? String(examples[0]) : undefined;
}

/** What the value at a path may be: nothing for a path that the schema does not know, several for a union. */
export function schemasAt(root: Schema, path: Path): readonly Schema[] {
  let current = alternatives(root);
  for (const step of path) current = current.flatMap((schema) => alternatives(childOf(schema, step)));
  return current;
}

export function childSchemas(schemas: readonly Schema[], step: string | number): readonly Schema[] {
  return schemas.flatMap((schema) => alternatives(childOf(schema, step)));
}

/** The keys that a mapping there may have; undefined when it may have any. */
export function knownKeys(schemas: readonly Schema[]): readonly string[] | undefined {
  const objects = schemas.map(unwrap).filter((schema) => schema instanceof z.ZodObject);
  return objects.length === 0 ? undefined : objects.flatMap((schema) => Object.keys(schema.shape));
}

export function isMapping(schema: Schema): boolean {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject || inner instanceof z.ZodRecord;
}

export function isSecretField(schemas: readonly Schema[]): boolean {
  return schemas.some((schema) => kindOf(schema)?.name === 'secret');
}

/** `${secret:NAME}` may stand there. */
export function takesSecret(schemas: readonly Schema[]): boolean {
  return isSecretField(schemas) || schemas.some(isForeign);
}

/** A tree in a format that is not ours, or a place in it. */
function isForeign(schema: Schema): boolean {
  return kindOf(schema)?.name === 'foreign';
}

/** A mapping with secrets among its keys, where what stands in a wrong place may be one. */
export function hasSecretKeys(schemas: readonly Schema[]): boolean {
  return (knownKeys(schemas) ?? []).some((key) => isSecretField(childSchemas(schemas, key)));
}

/**
 * Whether a key may be quoted. Where secrets belong, a broken line makes a key of one (`we {token: 1}`): only what is
 * known, or a typing mistake of it, is no secret for sure.
 */
export function isShowableKey(key: string, schemas: readonly Schema[]): boolean {
  if (!hasSecretKeys(schemas)) return true;
  const known = knownKeys(schemas) ?? [];
  return known.includes(key) || nearest(key, known) !== undefined;
}

/** What stands there may be quoted in messages: no secret can be meant, not even by somebody who errs in the level. */
export function isPublic(schemas: readonly Schema[]): boolean {
  return schemas.length > 0 && schemas.every(holdsNoSecret);
}

function holdsNoSecret(schema: Schema): boolean {
  const kind = kindOf(schema);
  if (kind) return kind.name !== 'secret' && kind.name !== 'foreign';
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return Object.values(inner.shape).every(holdsNoSecret);
  if (inner instanceof z.ZodRecord) return holdsNoSecret(inner.valueType as Schema);
  if (inner instanceof z.ZodArray) return holdsNoSecret(inner.element);
  if (inner instanceof z.ZodUnion) return inner.options.every(holdsNoSecret);
  return LEAVES.has(inner._zod.def.type);
}

/** Text may stand there. */
export function acceptsText(schemas: readonly Schema[]): boolean {
  return schemas.some((schema) => {
    const inner = unwrap(schema);
    if (inner instanceof z.ZodLiteral) return [...inner.values].some((value) => typeof value === 'string');
    return kindOf(schema)?.name === 'secret' || ['string', 'enum'].includes(inner._zod.def.type);
  });
}

function metaOf(schema: Schema, key: string): unknown {
  for (let current: Schema | undefined = schema; current; current = innerOf(current)) {
    const value = z.globalRegistry.get(current)?.[key];
    if (value !== undefined) return value;
  }
  return undefined;
}

function innerOf(schema: Schema): Schema | undefined {
  const def = schema._zod.def;
  if ('innerType' in def) return def.innerType as Schema;
  return schema instanceof z.ZodLazy ? schema.unwrap() : undefined;
}

/** Wrappers stay on, so that kinds and defaults can still be asked for. */
function alternatives(schema: Schema | undefined): readonly Schema[] {
  if (schema === undefined) return [];
  if (kindOf(schema)) return [schema];
  const inner = unwrap(schema);
  return inner instanceof z.ZodUnion ? inner.options.flatMap(alternatives) : [schema];
}

function childOf(schema: Schema, step: string | number): Schema | undefined {
  if (isForeign(schema)) return schema;
  const inner = unwrap(schema);
  if (typeof step === 'number') return inner instanceof z.ZodArray ? inner.element : undefined;
  if (inner instanceof z.ZodObject) return Object.hasOwn(inner.shape, step) ? inner.shape[step] : undefined;
  return inner instanceof z.ZodRecord ? (inner.valueType as Schema) : undefined;
}
