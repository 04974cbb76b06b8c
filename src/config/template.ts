import { z } from 'zod';
import { defaultOf, descriptionOf, exampleOf, kindOf, type Schema, unwrap } from './schema-tree.ts';

/** A key as it would be written, for a file that shows what there is to set. */
export interface KeyTemplate {
  readonly key: string;
  /** As YAML in one line: its default, or an example; undefined when there is neither. */
  readonly value: string | undefined;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  /** One sentence or more. */
  readonly description: string;
}

/** The plain keys of a mapping in the schema's order; those that are lists or mappings are left to the reference. */
export function keyTemplates(schema: Schema): readonly KeyTemplate[] {
  const mapping = unwrap(schema);
  if (!(mapping instanceof z.ZodObject)) return [];
  return Object.entries(mapping.shape).flatMap(([key, field]) => {
    if (!isPlain(field)) return [];
    const standard = defaultOf(field);
    return [
      {
        key,
        value: standard === undefined ? exampleOf(field) : JSON.stringify(standard).replaceAll('"', ''),
        isRequired: standard === undefined && !(field instanceof z.ZodOptional),
        isSecret: kindOf(field)?.name === 'secret',
        description: descriptionOf(field) ?? '',
      },
    ];
  });
}

function isPlain(field: Schema): boolean {
  const inner = unwrap(field);
  return ![z.ZodObject, z.ZodArray, z.ZodRecord].some((type) => inner instanceof type);
}
