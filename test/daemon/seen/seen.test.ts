import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveMetrics } from '../../../src/daemon/metrics/metrics-server.ts';
import { seenServer } from '../../../src/daemon/seen/seen-server.ts';
import { awaitSightings, seenLinks, seenSoFar } from '../../../src/delivery/sightings.ts';
import { type History, openHistory } from '../../../src/history/history.ts';
import { SIGHTING_TTL_MS } from '../../../src/history/sightings.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { freePort } from '../../fixtures/free-port.ts';
import type { Language } from '../../../src/stack/language.ts';
import { type HandClock, handClock } from '../../fixtures/hand-clock.ts';

let directory = '';
let database = '';
let history: History;
let clock: HandClock;
let language: Language | undefined;
let said: string[];
let base = '';
let link = '';
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'seen-'));
  database = join(directory, 'leitstand.db');
  history = openHistory(database);
  clock = handClock('2026-11-27T10:00:00.000Z');
  [language, said] = ['en', []];
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  const seen = seenServer({ database, clock, language: () => language, say: (text) => said.push(text) });
  const server = await serveMetrics(port, { page: async () => 'up 1\n', seen });
  closers.push(() => server.close());
  link = links()({ nonce: 'abcx0x', receiver: 'on-call' });
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  history.close();
  await rm(directory, { recursive: true, force: true });
});

function links() {
  return seenLinks({
    publicUrl: base,
    sightings: history.sightings,
    clock,
    random: (bytes) => randomBytes(bytes),
  });
}

const press = (url = link) => fetch(url, { method: 'POST' });

describe('the page of a link', () => {
  it('asks, and counts for nothing however often it is looked at', async () => {
    for (let look = 0; look < 3; look += 1) {
      const page = await fetch(link);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('<button type="submit">Yes, I saw it</button>');
    }
    expect((await fetch(link, { method: 'HEAD' })).status).toBe(200);
    expect(seenSoFar(history.sightings, 'abc')).toEqual([]);
  });

  it('counts the first press of the button, and thanks for each', async () => {
    await clock.pass(42_000);
    const thanks = await press();
    expect(thanks.status).toBe(200);
    expect(await thanks.text()).toContain('Thank you');
    await clock.pass(60_000);
    expect((await press()).status).toBe(200);
    expect(await (await fetch(link)).text()).toContain('Thank you');
    expect(seenSoFar(history.sightings, 'abc')).toEqual([{ receiver: 'on-call', afterMs: 42_000 }]);
  });

  it('speaks the language of the stack', async () => {
    language = 'de';
    const page = await (await fetch(link)).text();
    expect(page).toContain('<html lang="de">');
    expect(page).toContain('Ja, ich habe ihn gesehen');
    expect(await (await press()).text()).toContain('Danke');
  });

  it('names neither stack nor receiver, loads nothing, runs nothing, and hands the link on to nobody', async () => {
    for (const answer of [await fetch(link), await press(), await fetch(`${base}/seen/x`)]) {
      const page = await answer.text();
      expect(page).not.toMatch(/on-call|abcx0x|<script|https?:|src=/);
      const headers = Object.fromEntries(answer.headers);
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      );
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'x-robots-tag': 'noindex, nofollow',
      });
    }
  });

  it('expires', async () => {
    clock.set(new Date(Date.parse('2026-11-27T10:00:00.000Z') + SIGHTING_TTL_MS).toISOString());
    for (const answer of [await fetch(link), await press()]) {
      expect(answer.status).toBe(410);
      expect(await answer.text()).toContain('expired');
    }
    expect(seenSoFar(history.sightings, 'abc')).toEqual([]);
  });

  it('says when it could not be noted, to the person and to the log', async () => {
    history.close();
    await writeFile(database, 'this is not a database, however long one looks at it');
    const answer = await press();
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('That did not work');
    expect(said[0]).toContain('could not be noted');
    history = openHistory(join(directory, 'other.db'));
  });
});

describe('without a link', () => {
  it.each([
    '',
    'x',
    'f'.repeat(32),
    `${'f'.repeat(31)}/`,
    '../metrics',
    '%2e%2e/metrics',
    "' OR 1=1 --",
    '<script>alert(1)</script>',
  ])('there is no page: %j', async (token) => {
    for (const method of ['GET', 'POST']) {
      const answer = await fetch(`${base}/seen/${encodeURIComponent(token)}`, { method });
      expect(answer.status).toBe(404);
      expect(await answer.text()).not.toContain('script');
    }
  });

  it('there is no other method', async () => {
    const answer = await fetch(link, { method: 'PUT', body: 'x' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('there is nothing when the stack has no such page', async () => {
    language = undefined;
    expect((await press()).status).toBe(404);
    expect(seenSoFar(history.sightings, 'abc')).toEqual([]);
  });

  it('guessing is slowed down, and stops nobody who has a link', async () => {
    const statuses = [];
    for (let guess = 0; guess < 40; guess += 1)
      statuses.push((await fetch(`${base}/seen/${randomBytes(16).toString('hex')}`)).status);
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 404));
    expect(statuses.slice(30)).toEqual(Array.from({ length: 10 }, () => 429));
    expect((await press()).status).toBe(200);
    await clock.pass(2_000);
    expect((await fetch(`${base}/seen/x`)).status).toBe(404);
  });

  it('a guess does not wait while somebody writes', async () => {
    const writer = new DatabaseSync(database);
    writer.exec('BEGIN IMMEDIATE');
    try {
      const started = performance.now();
      expect((await press(`${base}/seen/${'f'.repeat(32)}`)).status).toBe(404);
      expect(performance.now() - started).toBeLessThan(8_000);
    } finally {
      writer.close();
    }
  });

  it('a flood gets its answer without a look into the records', async () => {
    const answers = await Promise.all(Array.from({ length: 130 }, () => fetch(link)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(30);
    expect(refused[0]?.headers.get('retry-after')).toBe('60');
    expect((await fetch(`${base}/metrics`)).status).toBe(200);
  });
});

describe('behind a proxy', () => {
  it.each(['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])(
    'there is nothing but the page (%s)',
    async (header) => {
      const headers = { [header]: '203.0.113.7' };
      for (const path of ['/metrics', '/-/healthy', '/-/ready', '/', '/seen'])
        expect((await fetch(base + path, { headers })).status).toBe(404);
      expect((await fetch(link, { headers })).status).toBe(200);
    },
  );
});

describe('whoever waits for people', () => {
  it('gives each alert of a test a link of its own, and the same one again', () => {
    const make = links();
    const probe = { nonce: 'defx0x', receiver: 'on-call' };
    const [first, again, other] = [make(probe), make(probe), make({ nonce: 'defx1x', receiver: 'team' })];
    expect(first).toMatch(/\/seen\/[0-9a-f]{32}$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('goes on as soon as all have said so', async () => {
    const waiting = awaitSightings({
      sightings: history.sightings,
      nonce: 'abc',
      clock: systemClock,
      timeoutMs: 60_000,
    });
    await press();
    expect(await waiting).toMatchObject([{ receiver: 'on-call' }]);
  });

  it('gives up when the time is over', async () => {
    const waiting = awaitSightings({ sightings: history.sightings, nonce: 'abc', clock, timeoutMs: 600_000 });
    await clock.pass(599_000);
    await clock.pass(2_000);
    expect(await waiting).toEqual([]);
  });
});
