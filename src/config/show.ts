import { SecretReference } from '../stack/secret.ts';
import type { LoadedConfig } from './load.ts';
import type { Origin } from './origin.ts';
import { isSecretField, type Path, type Schema, schemasAt } from './schema-tree.ts';
import { mayBeSecret } from './secret-keys.ts';

export interface ShownValue {
  readonly path: Path;
  /** As it would be written in the file; of a secret never more than its name. */
  readonly text: string;
  readonly origin: Origin;
}

/** Every value in force, in the file's order, with who wrote it. Empty mappings and lists are values of their own. */
export function shownValues(config: LoadedConfig, schema: Schema): readonly ShownValue[] {
  return valuesBelow(config.document, [], { config, schema });
}

interface World {
  readonly config: LoadedConfig;
  readonly schema: Schema;
}

function valuesBelow(value: unknown, path: Path, world: World): readonly ShownValue[] {
  if (value === undefined) return [];
  const children = childrenOf(value);
  if (children.length > 0)
    return children.flatMap(([key, child]) => valuesBelow(child, [...path, key], world));
  return [{ path, text: textOf(value, path, world.schema), origin: world.config.origin(path) }];
}

function childrenOf(value: unknown): readonly (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) return value.map((item, index) => [index, item] as const);
  if (value === null || typeof value !== 'object' || value instanceof SecretReference) return [];
  return Object.entries(value);
}

function textOf(value: unknown, path: Path, schema: Schema): string {
  if (value instanceof SecretReference) return `$\{secret:${value.name}}`;
  if ((isForeign(path) && mayBeSecret(path, value)) || isSecretField(schemasAt(schema, path)))
    return '(a secret, written into the file)';
  return typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
}

/** In Prometheus' or Alertmanager's own format, where no schema says what is a secret. */
function isForeign([section, , integration]: Path): boolean {
  return section === 'scrape_jobs' || (section === 'receivers' && integration === 'alertmanager');
}
