import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/stack/store.ts';

const text = (value: string) => Buffer.from(value);

async function namesBelow(store: Store, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names;
}

/** What every store promises. `open` gives a new, empty store each time. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the promises of a store`, () => {
    it('gives back what was put, whole and in ranges', async () => {
      const store = await open();
      await store.put('packs/a/ab/abc', text('0123456789'));
      expect(Buffer.from((await store.get('packs/a/ab/abc')) ?? []).toString()).toBe('0123456789');
      const part = async (offset: number, length: number) =>
        Buffer.from((await store.get('packs/a/ab/abc', { offset, length })) ?? []).toString();
      expect(await part(2, 3)).toBe('234');
      expect(await part(8, 100)).toBe('89');
      expect(await part(10, 1)).toBe('');
      expect(await part(50, 1)).toBe('');
      expect(await store.head('packs/a/ab/abc')).toEqual({ size: 10 });
    });

    it("reads into the caller's memory, and beside it where that is too short", async () => {
      const store = await open();
      await store.put('a', text('0123456789'));
      const into = Buffer.alloc(6, '-');
      const part = async (offset: number, length: number) =>
        Buffer.from((await store.get('a', { offset, length }, into)) ?? []).toString();
      expect(await part(2, 3)).toBe('234');
      expect(await part(6, 6)).toBe('6789');
      expect(await part(10, 3)).toBe('');
      expect(Buffer.from((await store.get('a', undefined, into)) ?? []).toString()).toBe('0123456789');
      expect(await store.get('b', { offset: 0, length: 3 }, into)).toBeUndefined();
    });

    it('keeps its copy when the caller reuses the buffer', async () => {
      const store = await open();
      const buffer = text('before');
      await store.put('a', buffer);
      buffer.fill('x');
      expect(Buffer.from((await store.get('a')) ?? []).toString()).toBe('before');
    });

    it('knows empty objects', async () => {
      const store = await open();
      await store.put('empty', new Uint8Array());
      expect((await store.get('empty'))?.length).toBe(0);
      expect(await store.head('empty')).toEqual({ size: 0 });
    });

    it('says undefined for what is not there', async () => {
      const store = await open();
      await store.put('lists/a', text('x'));
      for (const missing of ['nothing', 'lists', 'lists/b', 'lists/a/b']) {
        expect(await store.get(missing)).toBeUndefined();
        expect(await store.head(missing)).toBeUndefined();
      }
      expect(await namesBelow(store, 'nothing/')).toEqual([]);
    });

    it('lists nothing when nothing was put', async () => {
      expect(await namesBelow(await open(), '')).toEqual([]);
    });

    it('lists by any prefix, in the order of whole names, with sizes', async () => {
      const store = await open();
      const names = ['a-b', 'a/b', 'a/b-c/d', 'a/b.c', 'a/bc', 'b', 'lists/x', 'lists-old/x'];
      for (const name of names.toReversed()) await store.put(name, text(name));
      expect(await namesBelow(store, '')).toEqual([...names].sort());
      expect(await namesBelow(store, 'a/')).toEqual(['a/b', 'a/b-c/d', 'a/b.c', 'a/bc'].sort());
      expect(await namesBelow(store, 'a/b')).toEqual(['a/b', 'a/b-c/d', 'a/b.c', 'a/bc'].sort());
      expect(await namesBelow(store, 'li')).toEqual(['lists-old/x', 'lists/x']);
      for await (const { name, size } of store.list('')) expect(size).toBe(name.length);
    });

    it('takes the same object twice, also at once', async () => {
      const store = await open();
      await store.put('a/b', text('same'));
      await Promise.all([store.put('a/b', text('same')), store.put('a/b', text('same'))]);
      expect(await namesBelow(store, '')).toEqual(['a/b']);
      expect(Buffer.from((await store.get('a/b')) ?? []).toString()).toBe('same');
    });

    it('takes many objects at once into new places', async () => {
      const store = await open();
      const names = Array.from({ length: 40 }, (_, i) => `deep/${i % 4}/${i}`);
      await Promise.all(names.map((name) => store.put(name, text(name))));
      expect(await namesBelow(store, 'deep/')).toEqual([...names].sort());
    });

    it('deletes, and deletes what is not there', async () => {
      const store = await open();
      await store.put('a/b', text('x'));
      await store.delete('a/b');
      await store.delete('a/b');
      await store.delete('c/d');
      expect(await store.get('a/b')).toBeUndefined();
      expect(await namesBelow(store, '')).toEqual([]);
    });

    it.each(['../a', 'a/../../b', '/etc/x', '', 'a//b', 'a/./b', 'a\0b'])(
      'refuses %j as a name',
      async (bad) => {
        const store = await open();
        await expect(store.put(bad, text('x'))).rejects.toThrow(TypeError);
        await expect(store.get(bad)).rejects.toThrow(TypeError);
        await expect(store.head(bad)).rejects.toThrow(TypeError);
        await expect(store.delete(bad)).rejects.toThrow(TypeError);
      },
    );

    it('knows what time it is, and when an object came', async () => {
      const store = await open();
      const before = await store.time();
      await store.put('a', text('x'));
      const after = await store.time();
      for await (const { modifiedAt } of store.list('')) {
        // Whole seconds, rounded either way.
        expect(modifiedAt.getTime()).toBeGreaterThanOrEqual(before.getTime() - 1_000);
        expect(modifiedAt.getTime()).toBeLessThanOrEqual(after.getTime() + 1_000);
      }
      expect(Math.abs(after.getTime() - Date.now())).toBeLessThan(60_000);
      for await (const { name } of store.list('')) expect(name).toBe('a');
    });

    it('has a label for people', async () => {
      expect((await open()).label).toMatch(/\S/);
    });
  });
}
