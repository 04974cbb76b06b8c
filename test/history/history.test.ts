import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type History, openHistory } from '../../src/history/history.ts';
import type { NewMessage } from '../../src/history/messages.ts';
import type { Json } from '../../src/platform/canonical-json.ts';
import type { ProofClaim } from '../../src/stack/proof.ts';

let directory = '';
let path = '';
const opened: History[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'history-'));
  path = join(directory, 'leitstand.db');
});

afterEach(async () => {
  for (const history of opened.splice(0)) history.close();
  await rm(directory, { recursive: true, force: true });
});

function open(): History {
  const history = openHistory(path);
  opened.push(history);
  return history;
}

const claim: ProofClaim = {
  kind: 'alert-delivery',
  subject: 'on-call',
  verdict: 'proven',
  method: 'a test',
  facts: { b: 1, a: ['x', null] },
  ageLimitMs: 86_400_000,
  notProven: ['that anybody looked'],
};
const message: NewMessage = {
  receivedAt: '2026-01-02T03:04:05.678Z',
  type: 'slack',
  path: '/slack/services/T0/B0/x',
  recipient: '',
  headers: { 'content-type': 'application/json' },
  body: '{"text":"nonce-1"}',
  replyStatus: 200,
  accepted: true,
  problems: [],
  title: 'title',
  text: 'text',
  status: 'firing',
};
const at = new Date('2026-01-02T03:04:05.678Z');

/** Changes the file behind the history's back. */
function tamper(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe('the file', () => {
  it('is private', async () => {
    open().proofs.append(claim, at);
    for (const suffix of ['', '-wal', '-shm']) expect((await stat(path + suffix)).mode & 0o777).toBe(0o600);
  });

  it('is refused when it is damaged', async () => {
    await writeFile(path, 'this is not a database, however long one looks at it');
    expect(open).toThrow(expect.objectContaining({ code: 'LS-HISTORY-001' }));
  });

  it('is refused when a newer program wrote it', () => {
    open().close();
    tamper('PRAGMA user_version = 999');
    expect(open).toThrow(expect.objectContaining({ code: 'LS-HISTORY-002', exit: 2 }));
  });

  it('says so when it cannot be made', async () => {
    path = join(directory, 'missing', 'leitstand.db');
    expect(open).toThrow(expect.objectContaining({ code: 'LS-HISTORY-003' }));
  });

  it('says so when it cannot be written', async () => {
    path = directory;
    expect(open).toThrow(expect.objectContaining({ code: 'LS-HISTORY-003' }));
  });

  it('keeps its content when it is opened again', () => {
    const proof = open().proofs.append(claim, at);
    expect(open().proofs.latest('alert-delivery', 'on-call')).toEqual(proof);
  });
});

describe('proofs', () => {
  it('gives back what was claimed, chained to the one before', () => {
    const { proofs } = open();
    const first = proofs.append(claim, at);
    const second = proofs.append({ ...claim, subject: 'team' }, at);
    expect(first).toMatchObject({ ...claim, id: 1, at: at.toISOString(), previousHash: '0'.repeat(64) });
    expect(second.previousHash).toBe(first.hash);
    expect(proofs.latest('alert-delivery', 'team')).toEqual(second);
    expect(proofs.latest('drill', 'team')).toBeUndefined();
    expect(proofs.list({ limit: 10 })).toEqual([second, first]);
    expect(proofs.list({ kind: 'drill', limit: 10 })).toEqual([]);
    expect(proofs.list({ kind: 'alert-delivery', limit: 1 })).toEqual([second]);
    expect(proofs.verifyChain()).toEqual({ ok: true });
  });

  it('verifies an empty chain', () => {
    expect(open().proofs.verifyChain()).toEqual({ ok: true });
  });

  it('holds whatever JSON the facts are made of', () => {
    const { proofs } = open();
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (facts, subject) => {
        const proof = proofs.append({ ...claim, facts: facts as Json, subject }, at);
        expect(proofs.list({ limit: 1 })).toEqual([proof]);
      }),
      { numRuns: 60 },
    );
    expect(proofs.verifyChain()).toEqual({ ok: true });
  });

  it.each([
    ['an edited record', `UPDATE proofs SET record = replace(record, 'proven', 'refuted') WHERE id = 2`, 2],
    ['an exchanged hash', `UPDATE proofs SET hash = (SELECT hash FROM proofs WHERE id = 1) WHERE id = 2`, 2],
    ['a deleted record in the middle', 'DELETE FROM proofs WHERE id = 2', 2],
    ['a deleted first record', 'DELETE FROM proofs WHERE id = 1', 1],
    ['a deleted last record', 'DELETE FROM proofs WHERE id = 3', 3],
    ['all records deleted', 'DELETE FROM proofs', 1],
    [
      'a record put in place of another',
      'UPDATE proofs SET (record, hash) = (SELECT record, hash FROM proofs WHERE id = 1) WHERE id = 3',
      3,
    ],
  ])('notices %s', (_, sql, brokenAt) => {
    const { proofs } = open();
    for (let i = 0; i < 3; i += 1) proofs.append({ ...claim, facts: i }, at);
    tamper(sql);
    expect(proofs.verifyChain()).toEqual({ ok: false, brokenAt });
  });

  it('stays one chain when processes write at once, even into a new file', async () => {
    const script = fileURLToPath(new URL('append-proofs.ts', import.meta.url));
    const exits = ['a', 'b', 'c'].map(
      (name) =>
        new Promise<number | null>((resolve) => {
          spawn(process.execPath, [script, path, name, '60'], { stdio: 'inherit' }).on('exit', resolve);
        }),
    );
    expect(await Promise.all(exits)).toEqual([0, 0, 0]);
    const { proofs } = open();
    expect(proofs.verifyChain()).toEqual({ ok: true });
    expect(proofs.list({ limit: 1000 }).map(({ id }) => id)).toHaveLength(180);
    for (const name of ['a', 'b', 'c'])
      expect(proofs.list({ limit: 1000 }).filter(({ subject }) => subject === name)).toHaveLength(60);
  });
});

describe('messages', () => {
  it('gives them back, newest first', () => {
    const { messages } = open();
    const first = messages.append(message);
    const second = messages.append({ ...message, type: 'webhook', receivedAt: '2026-01-02T03:04:06.000Z' });
    expect(first).toEqual({ ...message, id: 1 });
    expect(messages.get(1)).toEqual(first);
    expect(messages.get(9)).toBeUndefined();
    expect(messages.list({ limit: 10 })).toEqual([second, first]);
    expect(messages.list({ limit: 10, type: 'slack' })).toEqual([first]);
    expect(messages.list({ limit: 10, since: '2026-01-02T03:04:06.000Z' })).toEqual([second]);
    expect(messages.list({ limit: 1 })).toEqual([second]);
  });

  it('finds a nonce after a message, also when another process wrote it', () => {
    const [reader, writer] = [open(), open()];
    expect(reader.messages.lastId()).toBe(0);
    writer.messages.append(message);
    expect(reader.messages.findByText('nonce-1', 0).map(({ id }) => id)).toEqual([1]);
    expect(reader.messages.findByText('nonce-1', reader.messages.lastId())).toEqual([]);
    expect(reader.messages.findByText('NONCE-1', 0)).toEqual([]);
    expect(reader.messages.findByText('%', 0)).toEqual([]);
  });

  it('keeps hostile text as it came', () => {
    const { messages } = open();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (body, title) => {
        const { id } = messages.append({ ...message, body, title });
        expect(messages.get(id)?.body).toBe(body);
      }),
      { numRuns: 60 },
    );
    const { id } = messages.append({ ...message, body: 'before\0after' });
    expect(messages.get(id)?.body).toBe('before\0after');
    expect(messages.findByText('after', 0)).toHaveLength(1);
  });

  it('keeps the newest 10,000', () => {
    const { messages } = open();
    for (let i = 0; i < 3; i += 1) messages.append(message);
    tamper(`UPDATE sqlite_sequence SET seq = 10001 WHERE name = 'messages'`);
    messages.append(message);
    expect(messages.list({ limit: 10 }).map(({ id }) => id)).toEqual([10_002, 3]);
  });

  it('keeps no more than 256 MiB', () => {
    const { messages } = open();
    for (let i = 0; i < 3; i += 1) messages.append(message);
    tamper('UPDATE messages SET size = 300000000 WHERE id = 2');
    messages.append({ ...message, body: 'x'.repeat(16 * 1024 * 1024) });
    expect(messages.list({ limit: 10 }).map(({ id }) => id)).toEqual([4, 3]);
    tamper('UPDATE messages SET size = 300000000 WHERE id = 3');
    open().messages.append(message);
    expect(messages.list({ limit: 10 }).map(({ id }) => id)).toEqual([5, 4]);
  });
});

describe('deliveries', () => {
  it('gives them back, newest first', () => {
    const { deliveries } = open();
    const delivered = { nonce: 'n1', receiver: 'a', type: 'slack', index: 0, at: at.toISOString() };
    const first = deliveries.append({ ...delivered, verdict: 'CONFIRMED', latencyMs: 41.5 });
    const second = deliveries.append({
      ...delivered,
      nonce: 'n2',
      receiver: 'b',
      verdict: 'FAILED',
      stage: 'send',
      reason: 'connection refused',
    });
    expect(deliveries.list({ limit: 9 })).toEqual([second, first]);
    expect(deliveries.list({ limit: 9, receiver: 'a' })).toEqual([first]);
    expect(deliveries.list({ limit: 9, nonce: 'n2' })).toEqual([second]);
  });
});
