import { expect, it } from 'vitest';
import { makeBuffers, release } from '../../src/repository/buffers.ts';

it('gives back memory of its own, large or small, and leaves alone what is shared', () => {
  for (const own of [
    Buffer.alloc(4096),
    new Uint32Array(10_000),
    Buffer.allocUnsafeSlow(8 * 1024 * 1024).subarray(5, 10),
    new Uint8Array(Buffer.poolSize + 1),
  ]) {
    release(own);
    release(own);
    expect(own.buffer.byteLength).toBe(0);
  }
  const pooled = Buffer.from('one of many');
  const neighbour = Buffer.from('another');
  const shared = new Uint8Array(new SharedArrayBuffer(8192));
  for (const kept of [pooled, shared, Buffer.alloc(0)]) release(kept);
  expect([pooled.toString(), neighbour.toString(), shared.length]).toEqual(['one of many', 'another', 8192]);
});

it('lends memory again that came back, and none for what is small or too large', () => {
  const buffers = makeBuffers(1024 * 1024);
  const one = buffers.take(1024 * 1024);
  expect(one?.length).toBe(1024 * 1024);
  buffers.give(one);
  expect(buffers.take(300_000)).toBe(one);
  expect([buffers.take(1000), buffers.take(1024 * 1024 + 1)]).toEqual([undefined, undefined]);
});
