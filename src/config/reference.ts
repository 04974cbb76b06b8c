import { z } from 'zod';
import { configSchema, type PluginSchemas } from './schema.ts';
import { defaultOf, descriptionOf, kindOf, type Schema, unwrap } from './schema-tree.ts';

interface Section {
  readonly title: string;
  readonly schema: z.ZodObject;
  readonly description: string | undefined;
}

/** The reference of the file's keys as Markdown: one table for each mapping, in the schema's order. */
export function configReference(schemas: PluginSchemas): string {
  const root: Section = { title: 'Top level', schema: configSchema(schemas), description: undefined };
  return `${sectionsBelow(root, []).map(sectionText).join('\n\n')}\n`;
}

/** The section and those of the mappings in it. */
function sectionsBelow(section: Section, path: readonly string[]): readonly Section[] {
  const inner = Object.entries(section.schema.shape).flatMap(([key, schema]) =>
    mappingsIn(schema, [...path, key]),
  );
  return [section, ...inner];
}

/** Mappings behind records and lists have a place-holder in their title: `receivers.<name>.slack[]`. */
function mappingsIn(schema: Schema, path: readonly string[]): readonly Section[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodRecord) return mappingsIn(inner.valueType as Schema, [...path, '<name>']);
  if (inner instanceof z.ZodArray)
    return mappingsIn(inner.element, [...path.slice(0, -1), `${path.at(-1) ?? ''}[]`]);
  if (!(inner instanceof z.ZodObject)) return [];
  // Each overlay would be the whole file over again.
  if (path[0] === 'environments' && path.length > 1) return [];
  const section = { title: `\`${path.join('.')}\``, schema: inner, description: descriptionOf(schema) };
  return sectionsBelow(section, path);
}

function sectionText({ title, schema, description }: Section): string {
  const rows = Object.entries(schema.shape).map(
    ([key, field]) =>
      `| \`${key}\` | ${cell(typeText(field))} | ${defaultText(field)} | ${cell(descriptionOf(field) ?? '')} |`,
  );
  const table =
    rows.length === 0
      ? 'No settings.'
      : ['| key | type | default | description |', '|---|---|---|---|', ...rows].join('\n');
  return [`## ${title}`, ...(description === undefined ? [] : [description]), table].join('\n\n');
}

function typeText(schema: Schema): string {
  const kind = kindOf(schema);
  if (kind) return kind.label;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return `list of ${plural(inner.element)}`;
  if (inner instanceof z.ZodRecord) return `mapping of names to ${plural(inner.valueType as Schema)}`;
  if (inner instanceof z.ZodObject) return 'mapping';
  if (inner instanceof z.ZodUnion) return inner.options.map(typeText).join(' or ');
  if (inner instanceof z.ZodEnum) return inner.options.map((value) => `\`${value}\``).join(', ');
  if (inner instanceof z.ZodLiteral)
    return [...inner.values].map((value) => `\`${String(value)}\``).join(', ');
  if (inner instanceof z.ZodBoolean) return 'true or false';
  if (inner instanceof z.ZodNumber) return inner.format === 'safeint' ? 'whole number' : 'number';
  return inner instanceof z.ZodURL ? 'URL' : 'text';
}

function plural(schema: Schema): string {
  const text = typeText(schema);
  return /^[a-zA-Z ]+$/.test(text) && text !== 'text' ? `${text}s` : text;
}

function defaultText(schema: Schema): string {
  const value = defaultOf(schema);
  if (value === undefined) return schema instanceof z.ZodOptional ? '' : '**required**';
  if (Array.isArray(value)) return `\`[${value.join(', ')}]\``;
  return typeof value === 'object' ? '' : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
