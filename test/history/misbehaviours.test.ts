import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type History, openHistory } from '../../src/history/history.ts';
import type { Fault } from '../../src/stack/sandbox.ts';

const now = new Date('2026-01-02T03:04:05.678Z');
const later = new Date(now.getTime() + 60_000);
const all = () => true;
let directory = '';
let history: History;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'misbehaviours-'));
  history = openHistory(join(directory, 'leitstand.db'));
});
afterEach(async () => {
  history.close();
  await rm(directory, { recursive: true, force: true });
});

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('status' as const),
      status: fc.integer({ min: 400, max: 599 }),
      retryAfter: fc.nat(),
    },
    { requiredKeys: ['kind', 'status'] },
  ),
  fc.record({ kind: fc.constant('slow' as const), delayMs: fc.nat() }),
  fc.constantFrom<Fault>(
    { kind: 'hang' },
    { kind: 'drop' },
    { kind: 'html' },
    { kind: 'bad-certificate' },
    { kind: 'no-starttls' },
  ),
);

describe('misbehaviours', () => {
  it('come back as they were added, oldest first', () => {
    const one = fc.record({
      type: fc.string(),
      fault,
      times: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 5 }), (added) => {
        history.misbehaviours.clear();
        for (const each of added) history.misbehaviours.add(each);
        expect(history.misbehaviours.list(now)).toMatchObject(
          added.map((each) => ({ ...each, left: each.times })),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('are given out as often as they were ordered, by whoever asks', () => {
    const { misbehaviours } = history;
    misbehaviours.add({ type: 'slack', fault: { kind: 'drop' }, times: 3 });
    const other = openHistory(join(directory, 'leitstand.db'));
    const taken = [1, 2, 3, 4, 5].map((i) => (i % 2 ? misbehaviours : other.misbehaviours).take(now, all));
    other.close();
    expect(taken.map((one) => one?.left)).toEqual([3, 2, 1, undefined, undefined]);
    expect(misbehaviours.list(now)).toEqual([]);
  });

  it('stand until they are cleared, when nothing else is said', () => {
    history.misbehaviours.add({ type: '*', fault: { kind: 'hang' } });
    for (let i = 0; i < 5; i++)
      expect(history.misbehaviours.take(later, all)?.fault).toEqual({ kind: 'hang' });
    expect(history.misbehaviours.clear()).toBe(1);
    expect(history.misbehaviours.take(now, all)).toBeUndefined();
  });

  it('end with their time', () => {
    history.misbehaviours.add({ type: '*', fault: { kind: 'hang' }, until: later.toISOString() });
    expect(history.misbehaviours.take(new Date(later.getTime() - 1), all)).toBeDefined();
    expect(history.misbehaviours.list(later)).toEqual([]);
    expect(history.misbehaviours.take(later, all)).toBeUndefined();
  });

  it('are passed over when they are not wanted', () => {
    history.misbehaviours.add({ type: 'slack', fault: { kind: 'hang' }, times: 1 });
    history.misbehaviours.add({ type: 'email', fault: { kind: 'drop' }, times: 1 });
    expect(history.misbehaviours.take(now, ({ type }) => type === 'email')?.fault).toEqual({ kind: 'drop' });
    expect(history.misbehaviours.list(now)).toMatchObject([{ type: 'slack', left: 1 }]);
  });

  it('are cleared for one type', () => {
    history.misbehaviours.add({ type: 'slack', fault: { kind: 'hang' } });
    history.misbehaviours.add({ type: 'email', fault: { kind: 'hang' } });
    expect(history.misbehaviours.clear('email')).toBe(1);
    expect(history.misbehaviours.list(now)).toMatchObject([{ type: 'slack' }]);
  });
});

describe('messages', () => {
  it('are appended together or not at all, and read on from where one was', () => {
    const message = {
      receivedAt: now.toISOString(),
      type: 'slack',
      path: '/x',
      recipient: '',
      headers: {},
      body: '',
      replyStatus: 200,
      accepted: true,
      problems: [],
      title: '',
      text: '',
      status: 'firing',
    } as const;
    const kept = history.messages.appendAll([message, { ...message, title: 'second' }]);
    expect(kept.map(({ title }) => title)).toEqual(['', 'second']);
    const broken = { ...message, title: null as unknown as string };
    expect(() => history.messages.appendAll([message, broken])).toThrow();
    expect(history.messages.after(kept[0]?.id ?? 0, 10)).toEqual([kept[1]]);
  });
});
