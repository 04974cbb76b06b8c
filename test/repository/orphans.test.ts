import { hash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeFrame } from '../../src/repository/frames.ts';
import { footerPieceFrame, footerPieceRest } from '../../src/repository/pack-footer.ts';
import type { Store } from '../../src/stack/store.ts';
import { footerOf } from './footer.ts';
import { makeRepository, readTree, snapshotOf, writeTree } from './fixture.ts';

const content = randomBytes(5000);

function packOf(plain: Buffer, source = 'prometheus') {
  const frame = encodeFrame(plain);
  const sha256 = hash('sha256', content, 'hex');
  const bytes = Buffer.concat([
    frame,
    footerOf(
      source,
      footerPieceFrame(0, frame.length) + footerPieceRest([0, content.length, sha256, 'x', 0]),
    ),
  ]);
  return { bytes, id: hash('sha256', bytes, 'hex') };
}

async function put(store: Store, { bytes, id }: ReturnType<typeof packOf>): Promise<void> {
  await store.put(`packs/prometheus/${id.slice(0, 2)}/${id}`, bytes);
}

async function backUpBeside(pack: ReturnType<typeof packOf>) {
  const { repository, store, directory } = await makeRepository();
  await put(store, pack);
  const entries = await writeTree(join(directory, 's'), [{ path: 'x', content }]);
  const { record, reusedBytes } = await repository.writeSnapshot(snapshotOf(entries));
  expect((await repository.verify({ level: 'content' })).findings).toEqual([]);
  await repository.restore({ snapshot: record, target: join(directory, 'target') });
  expect((await readTree(join(directory, 'target'))).get('x')?.equals(content)).toBe(true);
  return reusedBytes;
}

it('what a run that died has left is built upon', async () => {
  expect(await backUpBeside(packOf(content))).toBe(content.length);
});

it('a pack of nobody that lies about what is in it is not built upon', async () => {
  expect(await backUpBeside(packOf(randomBytes(content.length)))).toBe(0);
  expect(await backUpBeside(packOf(Buffer.from('short')))).toBe(0);
  expect(await backUpBeside(packOf(content, 'loki'))).toBe(0);
});

it('what a run that died has left is not built upon when the disk has changed it, and is written anew', async () => {
  const { bytes, id } = packOf(content);
  for (const at of [9, 100, bytes.length - 20]) {
    const rotten = Buffer.from(bytes);
    rotten.writeUInt8(rotten.readUInt8(at) ^ 1, at);
    expect(await backUpBeside({ bytes: rotten, id })).toBe(0);
  }
});
