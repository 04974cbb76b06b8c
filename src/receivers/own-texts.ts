import { Secret, SecretReference } from '../stack/secret.ts';

export interface OwnText {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Every text in a tree of the user's, with its place; secrets are none. */
export function textsIn(value: unknown, path: OwnText['path'] = []): readonly OwnText[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null || isSecret(value)) return [];
  return Array.isArray(value)
    ? value.flatMap((item, index) => textsIn(item, [...path, index]))
    : Object.entries(value).flatMap(([key, below]) => textsIn(below, [...path, key]));
}

function isSecret(value: object): boolean {
  return value instanceof Secret || value instanceof SecretReference;
}
