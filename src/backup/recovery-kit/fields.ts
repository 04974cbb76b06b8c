import { createPublicKey, type KeyObject } from 'node:crypto';
import { keyIdOf, rawPublicKey } from '../../repository/keys.ts';
import type { StorePlace } from '../../stack/stack.ts';
import type { RecoveryKit } from './kit.ts';

export const KIT_VERSION = '1';

/** The machine's half of a kit, in its order: the same in every language, so that each can be read everywhere. */
export const FIELDS = [
  'recovery-kit',
  'leitstand',
  'stack',
  'made',
  'recovery-key',
  'signing-key',
  'signing-key-id',
  'directory',
  's3-bucket',
  's3-prefix',
  's3-region',
  's3-endpoint',
  's3-path-style',
  's3-ca-file',
] as const;
export type Field = (typeof FIELDS)[number];

/** The only field that may stand there more than once. */
export const REPEATED: Field = 'recovery-key';

export function fieldsOf(kit: RecoveryKit): readonly (readonly [Field, string])[] {
  const entries: readonly (readonly [Field, string | undefined])[] = [
    ['recovery-kit', KIT_VERSION],
    ['leitstand', kit.version],
    ['stack', kit.stack],
    ['made', kit.madeAt],
    ...kit.recoveryKeys.map((key) => [REPEATED, key] as const),
    ['signing-key', rawPublicKey(kit.publicKey).toString('base64')],
    ['signing-key-id', keyIdOf(kit.publicKey)],
    ...placeFields(kit.store),
  ];
  return entries.flatMap(([field, value]) => (value === undefined ? [] : [[field, value] as const]));
}

function placeFields(store: StorePlace): readonly (readonly [Field, string | undefined])[] {
  if (store.kind === 'directory') return [['directory', store.path]];
  if (store.kind === 'unknown') return [];
  const { bucket, prefix, region, endpoint, pathStyle, caFile } = store;
  return [
    ['s3-bucket', bucket],
    ['s3-prefix', prefix === '' ? undefined : prefix],
    ['s3-region', region],
    ['s3-endpoint', endpoint],
    ['s3-path-style', pathStyle === undefined ? undefined : String(pathStyle)],
    ['s3-ca-file', caFile],
  ];
}

/** In one line; the same for the same place. */
export function placeText(store: StorePlace): string {
  const fields = placeFields(store).flatMap(([field, value]) =>
    value === undefined ? [] : [`${field}: ${value}`],
  );
  return fields.join(', ') || 'a place that is not known';
}

/** Undefined when it names no place, or two. */
export function placeIn(fields: ReadonlyMap<Field, string>): StorePlace | undefined {
  const [path, bucket] = [fields.get('directory'), fields.get('s3-bucket')];
  if ((path === undefined) === (bucket === undefined)) return undefined;
  if (path !== undefined) return { kind: 'directory', path };
  const style = fields.get('s3-path-style');
  return {
    kind: 's3',
    bucket: bucket ?? '',
    prefix: (fields.get('s3-prefix') ?? '').replaceAll(/^\/+|\/+$/g, ''),
    region: fields.get('s3-region'),
    endpoint: fields.get('s3-endpoint'),
    ...(style === undefined ? {} : { pathStyle: style === 'true' }),
    caFile: fields.get('s3-ca-file'),
  };
}

/** Undefined for what is no raw Ed25519 public key, or not the one of that id. */
export function publicKeyIn(fields: ReadonlyMap<Field, string>): KeyObject | undefined {
  const raw = Buffer.from(fields.get('signing-key') ?? '', 'base64');
  if (raw.length !== 32) return undefined;
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
    format: 'jwk',
  });
  return keyIdOf(key) === fields.get('signing-key-id') ? key : undefined;
}
