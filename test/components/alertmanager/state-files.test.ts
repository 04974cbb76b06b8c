import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delimited, fieldsOf, ProtobufError } from '../../../src/components/alertmanager/source/protobuf.ts';
import { decodeLog, decodeSilences } from '../../../src/components/alertmanager/source/state-files.ts';

/** Written by real programs: one silence, one alert group notified to two webhooks. */
const fixture = (name: string) => readFile(join(import.meta.dirname, '../../fixtures/state-files', name));

describe.each(['0.25.0', '0.31.1'])('the state files of Alertmanager %s', (version) => {
  it('holds the silence', async () => {
    const [silence, ...others] = decodeSilences(await fixture(`alertmanager-${version}.silences`));
    expect(others).toEqual([]);
    expect(silence?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(new Date(silence?.endsAt ?? 0).toISOString()).toBe('2036-11-25T00:00:00.500Z');
    expect(silence?.updatedAt).toBe(silence?.startsAt);
  });

  it('holds the notifications, one for each integration', async () => {
    const entries = decodeLog(await fixture(`alertmanager-${version}.nflog`));
    expect(entries.map(({ groupKey }) => groupKey.toString('utf8'))).toEqual([
      '{}:{alertname="One"}',
      '{}:{alertname="One"}',
    ]);
    expect(new Set(entries.map(({ digest }) => digest)).size).toBe(2);
    // Twice the default repeat interval of four hours.
    const [{ expiresAt } = { expiresAt: 0 }] = entries;
    expect(new Date(expiresAt).toISOString()).toMatch(/^2026-11-25T03:43/);
  });

  it.each(['silences', 'nflog'])(
    'is refused when %s is cut off anywhere but between messages',
    async (name) => {
      const whole = await fixture(`alertmanager-${version}.${name}`);
      const decode = name === 'nflog' ? decodeLog : decodeSilences;
      const ends = new Set([0, ...messageEnds(whole)]);
      for (let length = 0; length < whole.length; length += 1) {
        const read = () => decode(whole.subarray(0, length));
        if (ends.has(length)) expect(read).not.toThrow();
        else expect(read).toThrow(ProtobufError);
      }
    },
  );

  it('is read or refused whatever byte is another, and never loops', async () => {
    const whole = await fixture(`alertmanager-${version}.nflog`);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        try {
          decodeLog(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }),
    );
  });
});

describe('protobuf', () => {
  it('gives back the fields that were written', () => {
    const field = fc.record({ number: fc.integer({ min: 1, max: 5_000 }), value: fc.uint8Array() });
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const message = Buffer.concat(
          fields.map(({ number, value }) =>
            Buffer.concat([varint(BigInt(number) * 8n + 2n), varint(BigInt(value.length)), value]),
          ),
        );
        expect(
          [...fieldsOf(message)].map(({ number, bytes }) => ({ number, value: [...(bytes ?? [])] })),
        ).toEqual(fields.map(({ number, value }) => ({ number, value: [...value] })));
      }),
    );
  });

  it('gives back the numbers that were written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        expect([...fieldsOf(Buffer.concat([varint(8n), varint(value)]))]).toEqual([
          { number: 1, varint: value },
        ]);
      }),
    );
  });
});

function* messageEnds(file: Buffer): Generator<number> {
  for (const message of delimited(file)) yield message.byteOffset - file.byteOffset + message.length;
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 0x80n) return Buffer.from([...bytes, Number(left)]);
    bytes.push(Number(left & 0x7fn) | 0x80);
  }
}
