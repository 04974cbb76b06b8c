import { z } from 'zod';
import { configSchema, type PluginSchemas } from './schema.ts';
import { kindOf } from './schema-tree.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

const ENV_REFERENCE = String.raw`\$\{env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`;

/** Keywords that describe the field and not one of its forms. */
const ANNOTATIONS: ReadonlySet<string> = new Set(['title', 'description', 'default', 'examples']);

/**
 * JSON Schema (draft 7) of the file as it is written, for editors: `${env:NAME}` may stand where a number or a pattern
 * is wanted, and a mapping without required keys may be left empty.
 */
export function configJsonSchema(schemas: PluginSchemas): JsonSchema {
  const schema = z.toJSONSchema(configSchema(schemas), {
    io: 'input',
    target: 'draft-7',
    // Secrets and foreign formats are checks in code, for which zod has no form.
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const kind = kindOf(zodSchema)?.name;
      if (kind === 'secret') Object.assign(jsonSchema, { type: 'string', minLength: 1 });
      if (kind === 'foreign') Object.assign(jsonSchema, { type: 'object' });
    },
  });
  return withOverlays({ title: 'leitstand.yaml', ...asWritten(schema) });
}

/** The overlays are the file over again: one definition, in which nothing is required and `null` takes a key out. */
function withOverlays(schema: JsonSchema): JsonSchema {
  const properties = schema['properties'] as Readonly<Record<string, JsonSchema>>;
  const { environments, ...base } = properties;
  if (environments === undefined) return schema;
  const { schema: _schema, stack: _stack, environment: _environment, ...overlay } = base;
  const names = Object.entries(environments['properties'] as Readonly<Record<string, JsonSchema>>);
  const reference = { $ref: '#/definitions/overlay' };
  return {
    ...schema,
    properties: {
      ...base,
      environments: {
        ...environments,
        properties: Object.fromEntries(names.map(([name]) => [name, reference])),
      },
    },
    definitions: { overlay: asOverlay({ type: 'object', properties: overlay, additionalProperties: false }) },
  };
}

function asOverlay(schema: JsonSchema): JsonSchema {
  const { required: _required, default: _default, ...rest } = schema;
  const { properties, additionalProperties } = rest;
  return {
    ...rest,
    ...(isSchema(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, each]) => [key, isSchema(each) ? asRemovable(each) : each]),
          ),
        }
      : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: asRemovable(additionalProperties) } : {}),
  };
}

/** Lists are replaced as a whole: their entries are as complete as anywhere. */
function asRemovable(schema: JsonSchema): JsonSchema {
  const inner = asOverlay(schema);
  const { type, anyOf } = inner;
  if (Array.isArray(anyOf)) return { ...inner, anyOf: [...(anyOf as readonly unknown[]), { type: 'null' }] };
  if (typeof type === 'string') return { ...inner, type: [type, 'null'] };
  return inner;
}

function asWritten(schema: JsonSchema): JsonSchema {
  const { type, properties, additionalProperties, items } = schema;
  if (type === 'object')
    return {
      ...schema,
      ...(schema['required'] === undefined ? { type: ['object', 'null'] } : {}),
      ...(isSchema(properties)
        ? {
            properties: Object.fromEntries(
              Object.entries(properties).map(([key, each]) => [key, inside(each)]),
            ),
          }
        : {}),
      ...(isSchema(additionalProperties) ? { additionalProperties: inside(additionalProperties) } : {}),
    };
  if (type === 'array') return { ...schema, items: inside(items) };
  return 'const' in schema ? schema : withReference(schema);
}

function inside(schema: unknown): unknown {
  return isSchema(schema) ? asWritten(schema) : schema;
}

function withReference(schema: JsonSchema): JsonSchema {
  const { type, pattern } = schema;
  const isPlain = typeof type === 'string' && ['integer', 'number', 'boolean'].includes(type);
  if (!isPlain && typeof pattern !== 'string' && !('enum' in schema) && !('format' in schema)) return schema;
  const form = Object.entries(schema).filter(([key]) => !ANNOTATIONS.has(key));
  const annotations = Object.entries(schema).filter(([key]) => ANNOTATIONS.has(key));
  const reference = { type: 'string', pattern: isPlain ? `^${ENV_REFERENCE}$` : ENV_REFERENCE };
  return { ...Object.fromEntries(annotations), anyOf: [Object.fromEntries(form), reference] };
}

function isSchema(value: unknown): value is JsonSchema {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
