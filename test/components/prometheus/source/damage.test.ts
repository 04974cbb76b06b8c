import { link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chunksOf } from '../../../../src/components/prometheus/source/chunks.ts';
import { damageNewestBlock } from '../../../../src/components/prometheus/source/damage.ts';

const OLD = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const NEW = '01BX5ZZKBKACTAV9WEVGEMMVRZ';

function uvarint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    if (rest <= 0x7fn) return bytes;
  }
}

/** Encoding 1 is XOR; the checksum is not looked at here. */
function chunk(firstTime: number, rest: readonly number[], encoding = 1): Buffer {
  const time = uvarint(BigInt(firstTime) << 1n);
  const data = [0, 7, ...time, ...rest];
  return Buffer.from([...uvarint(BigInt(data.length)), encoding, ...data, 1, 2, 3, 4]);
}

function segment(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([0x85, 0xbd, 0x40, 0xdd, 1, 0, 0, 0]), ...chunks]);
}

describe('chunksOf', () => {
  it('finds every chunk with its length, number of samples and first time', () => {
    const contents = fc.array(fc.tuple(fc.nat(2 ** 40), fc.array(fc.nat(255), { maxLength: 300 })));
    fc.assert(
      fc.property(contents, (all) => {
        const file = segment(...all.map(([time, rest]) => chunk(time, rest)));
        const found = [...chunksOf(file)];
        expect(found.map(({ firstTime, samples }) => [firstTime, samples])).toEqual(
          all.map(([time]) => [time, 7]),
        );
        const last = found.at(-1);
        if (last) expect(last.data + last.length + 4).toBe(file.length);
      }),
    );
  });

  it('stops at a chunk that is cut off, and at anything that is no segment', () => {
    const file = segment(chunk(5, [1]), chunk(6, [1]));
    expect([...chunksOf(file.subarray(0, -1))]).toHaveLength(1);
    expect([...chunksOf(Buffer.from('something else'))]).toEqual([]);
    expect([...chunksOf(Buffer.alloc(0))]).toEqual([]);
  });
});

describe('damageNewestBlock', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function writeBlock(ulid: string, minTime: number, file: Buffer): Promise<string> {
    await mkdir(join(directory, ulid, 'chunks'), { recursive: true });
    await writeFile(
      join(directory, ulid, 'meta.json'),
      JSON.stringify({ ulid, minTime, maxTime: minTime + 10 }),
    );
    const path = join(directory, ulid, 'chunks', '000001');
    await writeFile(path, file);
    return path;
  }

  it('flips one byte in the samples of the chunk that begins first, and leaves hard links alone', async () => {
    const file = segment(chunk(200, [9, 9, 9]), chunk(100, [9, 9, 9]), chunk(1, [9], 2));
    const older = await writeBlock(OLD, 1, file);
    const newer = await writeBlock(NEW, 100, file);
    await link(newer, join(directory, 'linked'));

    expect(await damageNewestBlock(directory)).toContain(`${NEW}/chunks/000001, in a chunk of 7 samples`);

    const damaged = await readFile(newer);
    const changed = [...damaged.keys()].filter((i) => damaged[i] !== file[i]);
    const second = [...chunksOf(file)][1];
    expect(changed).toHaveLength(1);
    expect(changed[0]).toBeGreaterThanOrEqual(second?.data ?? Infinity);
    expect(changed[0]).toBeLessThan((second?.data ?? 0) + (second?.length ?? 0));
    expect(await readFile(join(directory, 'linked'))).toEqual(file);
    expect(await readFile(older)).toEqual(file);
  });

  it('says so when there is nothing to damage', async () => {
    await expect(damageNewestBlock(directory)).rejects.toMatchObject({ code: 'LS-PROMETHEUS-013' });
    await writeBlock(NEW, 100, segment());
    await expect(damageNewestBlock(directory)).rejects.toMatchObject({ code: 'LS-PROMETHEUS-013' });
  });
});
