import { hash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decryptBytes, makeOpener } from '../../../src/repository/age/header.ts';
import { makeRecoveryKey, parseIdentities } from '../../../src/repository/age/identities.ts';

/** Its types say otherwise: each vector is an export of its own. */
const vectors = (await import('cctv-age')) as unknown as Readonly<Record<string, Uint8Array>>;

interface Vector {
  readonly name: string;
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly file: Buffer;
}

function readVector(name: string, bytes: Uint8Array): Vector {
  const text = Buffer.from(bytes);
  const end = text.indexOf('\n\n');
  const lines = text
    .toString('latin1', 0, end)
    .split('\n')
    .map((line) => line.split(': '));
  const fields = Map.groupBy(lines, ([key = '']) => key);
  const rest = text.subarray(end + 2);
  const isCompressed = fields.get('compressed')?.[0]?.[1] === 'zlib';
  return {
    name,
    fields: new Map([...fields].map(([key, found]) => [key, found.map(([, value = '']) => value)])),
    file: isCompressed ? inflateSync(rest) : rest,
  };
}

const all = Object.entries(vectors).map(([name, bytes]) => readVector(name, bytes));

/** Why a vector is not for us; undefined: it is. */
function notOurs({ fields }: Vector): string | undefined {
  if (fields.has('armored')) return 'text around the binary format, which nothing here writes or reads';
  if (fields.has('passphrase')) return 'a passphrase';
  const isX25519 = (key: string) => key.startsWith('AGE-SECRET-KEY-1');
  return (fields.get('identity') ?? []).every(isX25519) ? undefined : 'a key of another type';
}

const ours = all.filter((vector) => notOurs(vector) === undefined);

/** What `decryptBytes` says of it. */
const VERDICTS: Readonly<Record<string, string>> = {
  success: 'opened',
  'no match': 'foreign',
  'header failure': 'damaged',
  'HMAC failure': 'damaged',
  'payload failure': 'damaged',
};

describe('the shared test vectors of age', () => {
  it('are the ones that matter', () => {
    const named = (start: string) => all.filter(({ name }) => name.startsWith(start));
    const binary = ['stream_', 'header_', 'hmac_', 'stanza_', 'version_', 'x25519'].flatMap(named);
    expect(binary.map(notOurs).filter((reason) => reason !== undefined)).toEqual([]);
    expect(named('x25519')).toHaveLength(14);
    expect(ours.length).toBeGreaterThanOrEqual(66);
  });

  it.each(ours)('$name', async ({ fields, file }) => {
    const identities = (fields.get('identity') ?? []).join('\n');
    const opener = makeOpener(identities === '' ? [] : await parseIdentities(identities));
    const plain = decryptBytes(opener, file);
    expect(typeof plain === 'string' ? plain : 'opened').toBe(VERDICTS[fields.get('expect')?.[0] ?? '']);
    if (typeof plain !== 'string') expect(hash('sha256', plain, 'hex')).toBe(fields.get('payload')?.[0]);
  });

  it('for others do not open to a key of ours', async () => {
    const opener = makeOpener([await makeRecoveryKey()]);
    for (const { file } of all) expect(decryptBytes(opener, file)).toMatch(/^(?:foreign|damaged)$/);
  });
});
