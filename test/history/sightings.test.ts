import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type History, openHistory } from '../../src/history/history.ts';
import { readSighting, recordSighting, SIGHTING_TTL_MS } from '../../src/history/sightings.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const ASKED = new Date('2026-11-27T10:00:00.000Z');
const after = (ms: number) => new Date(ASKED.getTime() + ms);

let directory = '';
let path = '';
let history: History;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sightings-'));
  path = join(directory, 'leitstand.db');
  history = openHistory(path);
  history.sightings.ask({ token: TOKEN, nonce: 'abcx0x', receiver: 'on-call', at: ASKED });
});

afterEach(async () => {
  history.close();
  await rm(directory, { recursive: true, force: true });
});

it('looking changes nothing; the first press counts, and later ones change nothing', () => {
  expect(readSighting(path, TOKEN, after(1_000))).toBe('open');
  expect(readSighting(path, TOKEN, after(2_000))).toBe('open');
  expect(history.sightings.ofTest('abc')).toEqual([
    { nonce: 'abcx0x', receiver: 'on-call', askedAt: ASKED.toISOString() },
  ]);
  expect(recordSighting(path, TOKEN, after(42_000))).toBe('seen');
  expect(recordSighting(path, TOKEN, after(90_000))).toBe('seen');
  expect(readSighting(path, TOKEN, after(90_000))).toBe('seen');
  expect(history.sightings.ofTest('abc')).toMatchObject([{ seenAt: after(42_000).toISOString() }]);
  expect(history.sightings.ofTest('ab')).toHaveLength(1);
  expect(history.sightings.ofTest('abd')).toEqual([]);
});

it('a link that nobody was given, or of long ago, counts for nothing', () => {
  expect(recordSighting(path, 'f'.repeat(32), after(1))).toBe('unknown');
  expect(recordSighting(join(directory, 'none.db'), TOKEN, after(1))).toBe('unknown');
  expect(readSighting(join(directory, 'none.db'), TOKEN, after(1))).toBe('unknown');
  expect(recordSighting(path, TOKEN, after(SIGHTING_TTL_MS))).toBe('expired');
  expect(readSighting(path, TOKEN, after(SIGHTING_TTL_MS))).toBe('expired');
  expect(history.sightings.list({ limit: 9 })[0]).not.toHaveProperty('seenAt');
});

it('the file does not hold the link', async () => {
  history.close();
  expect((await readFile(path)).includes(TOKEN)).toBe(false);
});

it('lists by receiver and time, newest first', () => {
  history.sightings.ask({ token: 'b'.repeat(32), nonce: 'abcx1x', receiver: 'team', at: after(5) });
  const receivers = (search: object) =>
    history.sightings.list({ limit: 9, ...search }).map(({ receiver }) => receiver);
  expect(receivers({})).toEqual(['team', 'on-call']);
  expect(receivers({ receiver: 'team' })).toEqual(['team']);
  expect(receivers({ since: after(1) })).toEqual(['team']);
});
