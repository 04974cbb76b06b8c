import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { askAll, openMembers, unknownPeers } from '../../src/delivery/members.ts';
import { Secret } from '../../src/stack/secret.ts';

interface Seen {
  readonly name: string;
  /** Name → host of the gossip. */
  readonly peers: Readonly<Record<string, string>>;
}

/** An Alertmanager, as far as it is asked for itself. */
async function member({ name, peers }: Seen, at: { readonly host?: string; readonly port?: number } = {}) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`.trim());
    if (request.url === '/-/ready') return response.end('ok');
    return response.end(
      JSON.stringify({
        config: { original: 'route: {receiver: a}' },
        versionInfo: { version: '0.31.1' },
        cluster: {
          name,
          peers: Object.entries(peers).map(([peer, host]) => ({ name: peer, address: `${host}:9094` })),
        },
      }),
    );
  });
  const host = at.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    port,
    url: `http://${host}:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Every address of 127/8 is this machine: two Alertmanagers at the same port of different hosts. */
const PAIR = { one: '127.0.0.1', two: '127.0.0.2' };

describe('the members of a cluster', () => {
  it('are those that answer; the others are named with the reason', async () => {
    await using one = await member({ name: 'one', peers: { one: '127.0.0.1' } });
    const { present, absent } = await openMembers([one.url, 'http://127.0.0.1:9']);
    expect(present.map(({ url }) => url)).toEqual([one.url]);
    expect(absent).toEqual([{ url: 'http://127.0.0.1:9', reason: expect.stringContaining('refused') }]);
  });

  it('none is an error', async () => {
    await expect(openMembers(['http://127.0.0.1:9'])).rejects.toMatchObject({ code: 'LS-ALERTMANAGER-001' });
  });

  it('that nobody named are found at the same port of the hosts that the gossip knows', async () => {
    await using one = await member({ name: 'one', peers: PAIR });
    await using two = await member({ name: 'two', peers: PAIR }, { host: PAIR.two, port: one.port });
    for (const address of [one.url, { url: one.url, settings: 'attach.alertmanager' }]) {
      const found = await openMembers([address]);
      expect(found.present.map(({ url }) => url)).toEqual([one.url, two.url]);
      expect(found.absent).toEqual([]);
      expect(unknownPeers(found)).toEqual([]);
    }
  });

  it('that nobody named are counted as unknown when something else answers there, or nobody', async () => {
    await using one = await member({ name: 'one', peers: PAIR });
    const alone = await openMembers([one.url]);
    expect(unknownPeers(alone)).toEqual(['127.0.0.2:9094']);
    await using other = await member({ name: 'other', peers: {} }, { host: PAIR.two, port: one.port });
    const found = await openMembers([one.url]);
    expect(other.asked).not.toEqual([]);
    expect(found.present).toHaveLength(1);
    expect(unknownPeers(found)).toEqual(['127.0.0.2:9094']);
  });

  it('that nobody named are handed no credentials', async () => {
    await using one = await member({ name: 'one', peers: PAIR });
    await using two = await member({ name: 'two', peers: PAIR }, { host: PAIR.two, port: one.port });
    const authorization = new Secret('Bearer token7f3a', 'secret');
    await openMembers([{ url: one.url, authorization, settings: 'attach.alertmanager' }]);
    await openMembers([one.url.replace('http://', 'http://user:pass7f3a@')]);
    expect(one.asked.length).toBe(4);
    expect(two.asked).toEqual([]);
  });

  it('that fall silent are named; what is no answer of theirs is a bug', async () => {
    await using one = await member({ name: 'one', peers: { one: '127.0.0.1' } });
    await using two = await member({ name: 'two', peers: {} });
    const { present } = await openMembers([one.url, two.url]);
    await two[Symbol.asyncDispose]();
    const { answers, silent } = await askAll(present, ({ api }) => api.status());
    expect(answers).toHaveLength(1);
    expect(silent.map(({ url }) => url)).toEqual([two.url]);
    await expect(askAll(present, () => Promise.reject(new TypeError('bug')))).rejects.toThrow('bug');
  });
});
