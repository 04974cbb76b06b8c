import type { Foreign } from '../../config/fields.ts';
import { isInHeaders, mayBeSecret } from '../../config/secret-keys.ts';
import type { Json } from '../../platform/canonical-json.ts';
import type { SecretFile } from '../../stack/plan.ts';
import { type ResolveSecret, Secret, SecretReference } from '../../stack/secret.ts';
import { isAtLeast, type Version } from '../../stack/version.ts';
import { type ForeignIntegration, keysOf } from './integrations.ts';

/** Settings whose secrets are known as such. */
export type Tree =
  | string
  | number
  | boolean
  | null
  | Secret
  | readonly Tree[]
  | { readonly [key: string]: Tree };

type Path = readonly (string | number)[];

/** Keys of `http_config` that every version reads from a file as well. */
const NESTED_FILES: ReadonlySet<string> = new Set([
  'password',
  'credentials',
  'client_secret',
  'bearer_token',
  'ca',
  'cert',
  'key',
]);

/** Numbers to Alertmanager: in quotation marks it refuses them. */
const NUMBERS: ReadonlySet<string> = new Set(['chat_id', 'message_thread_id', 'max_alerts']);

/** With every secret that is named, or written where one belongs: the places are those whose values are shown nowhere. */
export function readSettings(value: Foreign, resolve: ResolveSecret, path: Path = []): Tree {
  if (value instanceof SecretReference) return resolve(value);
  if (typeof value === 'string') return mayBeSecret(path, value) ? resolve(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map((item, index) => readSettings(item, resolve, [...path, index]));
  return Object.fromEntries(
    Object.entries(value).map(([key, below]) => [key, readSettings(below, resolve, [...path, key])]),
  );
}

/** Paths at which a number stands in the place of a secret: YAML has dropped its leading zeros, and its last digits. */
export function numbersForSecrets(value: Foreign, path: Path = []): readonly Path[] {
  if (typeof value === 'number') return mayBeSecret(path, value) ? [path] : [];
  if (value === null || typeof value !== 'object' || value instanceof SecretReference) return [];
  return isList(value)
    ? value.flatMap((item, index) => numbersForSecrets(item, [...path, index]))
    : Object.entries(value).flatMap(([key, below]) => numbersForSecrets(below, [...path, key]));
}

export function at(tree: Tree, keys: readonly string[]): Tree | undefined {
  const [key, ...below] = keys;
  if (key === undefined) return tree;
  if (tree === null || typeof tree !== 'object' || tree instanceof Secret || isList(tree)) return undefined;
  const value = tree[key];
  return value === undefined ? undefined : at(value, below);
}

export function secretsIn(tree: Tree): readonly Secret[] {
  if (tree instanceof Secret) return [tree];
  return tree === null || typeof tree !== 'object' ? [] : Object.values(tree).flatMap(secretsIn);
}

/** With the secrets' values: for hashing only. */
export function revealed(tree: Tree): Json {
  if (tree instanceof Secret) return tree.reveal();
  if (tree === null || typeof tree !== 'object') return tree;
  if (isList(tree)) return tree.map(revealed);
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, revealed(value)]));
}

export interface SettingsTarget {
  readonly integration: ForeignIntegration;
  readonly alertmanager: Version;
  /** First part of the names of its secrets' files. */
  readonly name: string;
  secretPath(name: string): string;
}

export interface RenderedSettings {
  readonly config: Readonly<Record<string, unknown>>;
  readonly secrets: readonly SecretFile[];
  readonly inlineSecrets: readonly Secret[];
}

/** Secrets go into files where this version reads one, and stand in the configuration where it does not. */
export function renderSettings(
  tree: Readonly<Record<string, Tree>>,
  target: SettingsTarget,
): RenderedSettings {
  const secrets: SecretFile[] = [];
  const inlineSecrets: Secret[] = [];
  const inline = (secret: Secret, key: string): string | number => {
    inlineSecrets.push(secret);
    return asAlertmanagerReads(key, secret.reveal());
  };
  const entry = (key: string, value: Tree, path: Path): [string, unknown] => {
    const below = [...path, key];
    if (typeof value === 'string') return [key, asAlertmanagerReads(key, value)];
    if (!(value instanceof Secret)) return [key, render(value, below)];
    if (!hasFile(below, target)) return [key, inline(value, key)];
    const name = [target.name, ...below].join('-').replaceAll('_', '-');
    secrets.push({ name, value });
    return [`${key}_file`, target.secretPath(name)];
  };
  const mapping = (value: Readonly<Record<string, Tree>>, path: Path): Record<string, unknown> =>
    Object.fromEntries(Object.entries(value).map(([key, below]) => entry(key, below, path)));
  const render = (value: Tree, path: Path): unknown => {
    if (value instanceof Secret) return inline(value, '');
    if (value === null || typeof value !== 'object') return value;
    return isList(value) ? value.map((item, index) => render(item, [...path, index])) : mapping(value, path);
  };
  return { config: mapping(tree, []), secrets, inlineSecrets };
}

function asAlertmanagerReads(key: string, value: string): string | number {
  return NUMBERS.has(key) && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}

function hasFile(path: Path, { integration, alertmanager }: SettingsTarget): boolean {
  const [first] = path;
  const key = String(path.at(-1));
  if (path.length > 1) return first === 'http_config' && !isInHeaders(path) && NESTED_FILES.has(key);
  const since = keysOf(integration).get(`${key}_file`);
  return since !== undefined && isAtLeast(alertmanager, since);
}

/** `Array.isArray` knows no lists that must not be changed. */
function isList<T>(value: readonly T[] | { readonly [key: string]: T }): value is readonly T[] {
  return Array.isArray(value);
}
