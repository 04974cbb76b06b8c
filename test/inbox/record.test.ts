import { describe, expect, it } from 'vitest';
import { keeper, type NewMessage } from '../../src/inbox/record.ts';

const message = (title: string): NewMessage => ({
  receivedAt: '2026-01-02T03:04:05.678Z',
  type: 'slack',
  path: '/x',
  recipient: '',
  headers: {},
  body: '',
  replyStatus: 200,
  accepted: true,
  problems: [],
  title,
  text: '',
  status: 'firing',
});

/** A store that refuses messages called `bad`. */
function store() {
  const kept: string[] = [];
  const calls: number[] = [];
  const refuse = (messages: readonly NewMessage[]) => {
    if (messages.some(({ title }) => title === 'bad')) throw new Error('no room for it');
  };
  return {
    kept,
    calls,
    append: (one: NewMessage) => {
      refuse([one]);
      kept.push(one.title);
      calls.push(1);
    },
    appendAll: (messages: readonly NewMessage[]) => {
      refuse(messages);
      kept.push(...messages.map(({ title }) => title));
      calls.push(messages.length);
    },
  };
}

describe('what is kept', () => {
  it('is there before anybody hears of it, and what comes together is written together', async () => {
    const into = store();
    const keep = keeper(into);
    const heard = ['a', 'b', 'c'].map(async (title) => {
      await keep(message(title));
      expect(into.kept).toContain(title);
    });
    expect(into.kept).toEqual([]);
    await Promise.all(heard);
    await keep(message('d'));
    expect(into).toMatchObject({ kept: ['a', 'b', 'c', 'd'], calls: [3, 1] });
  });

  it('does not suffer from one that cannot be kept', async () => {
    const into = store();
    const keep = keeper(into);
    const results = await Promise.allSettled(['a', 'bad', 'c'].map((title) => keep(message(title))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(into.kept).toEqual(['a', 'c']);
  });

  it('needs no store that can do several at once', async () => {
    const { append, kept } = store();
    const keep = keeper({ append });
    await Promise.all(['a', 'b'].map((title) => keep(message(title))));
    expect(kept).toEqual(['a', 'b']);
  });
});
