import { hash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decryptBytes, makeOpener, openingLength } from '../../../src/repository/age/header.ts';
import { parseIdentities } from '../../../src/repository/age/identities.ts';

/** Its types say otherwise: each vector is an export of its own. */
const vectors = (await import('cctv-age')) as unknown as Readonly<Record<string, Uint8Array>>;

interface Vector {
  readonly name: string;
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly file: Buffer;
}

function readVector(name: string, bytes: Uint8Array): Vector {
  const all = Buffer.from(bytes);
  const end = all.indexOf('\n\n');
  const lines = all
    .toString('latin1', 0, end)
    .split('\n')
    .map((line) => line.split(': '));
  const fields = Map.groupBy(lines, ([key = '']) => key);
  const rest = all.subarray(end + 2);
  const isCompressed = fields.get('compressed')?.[0]?.[1] === 'zlib';
  return {
    name,
    fields: new Map([...fields].map(([key, found]) => [key, found.map(([, value = '']) => value)])),
    file: isCompressed ? inflateSync(rest) : rest,
  };
}

/** What our records can hold: the binary format, to X25519 keys. */
const ours = Object.entries(vectors)
  .map(([name, bytes]) => readVector(name, bytes))
  .filter(({ fields }) => !fields.has('armored') && !fields.has('passphrase'))
  .filter(
    ({ fields }) => fields.get('identity')?.every((key) => key.startsWith('AGE-SECRET-KEY-1')) !== false,
  );

describe('the shared test vectors of age', () => {
  it('are the ones that matter', () => {
    const names = ours.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('stream_')).length).toBeGreaterThanOrEqual(25);
    expect(names.filter((name) => name.startsWith('x25519')).length).toBeGreaterThanOrEqual(10);
  });

  it.each(ours)('$name', async ({ fields, file }) => {
    const identities = (fields.get('identity') ?? []).join('\n');
    const opener = await makeOpener(identities === '' ? [] : await parseIdentities(identities));
    const plain = await decryptBytes(opener, file);
    const isSuccess = fields.get('expect')?.[0] === 'success';
    expect(typeof plain === 'string' ? plain : 'opened').toEqual(
      isSuccess ? 'opened' : expect.stringMatching(/^(?:foreign|damaged)$/),
    );
    if (typeof plain !== 'string') expect(hash('sha256', plain, 'hex')).toBe(fields.get('payload')?.[0]);
    if (fields.get('expect')?.[0] === 'no match') expect(plain).toBe('foreign');
    if (fields.get('expect')?.[0] === 'payload failure')
      expect(openingLength(file) === undefined || plain === 'damaged').toBe(true);
  });
});
