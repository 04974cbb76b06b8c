import { describe, expect, it } from 'vitest';
import { askAll, openMembers, unknownPeers } from '../../src/delivery/members.ts';
import { Secret } from '../../src/stack/secret.ts';
import { type LocalServer, localServer } from '../fixtures/local-server.ts';

/** An Alertmanager, as far as it is asked for itself. */
function member(name: string, peers: readonly string[], asked: string[] = []): Promise<LocalServer> {
  return localServer((request, response) => {
    asked.push(`${name} ${request.url} ${request.headers.authorization ?? ''}`.trim());
    if (request.url === '/-/ready') return response.end('ok');
    return response.end(
      JSON.stringify({
        config: { original: 'route: {receiver: a}' },
        versionInfo: { version: '0.31.1' },
        cluster: { name, peers: peers.map((peer) => ({ name: peer, address: `${peer}:9094` })) },
      }),
    );
  });
}

describe('the members of a cluster', () => {
  it('are those that answer; the others are named with the reason', async () => {
    await using one = await member('one', ['one']);
    const { present, absent } = await openMembers([one.url, 'http://127.0.0.1:9']);
    expect(present.map(({ url }) => url)).toEqual([one.url]);
    expect(absent).toEqual([{ url: 'http://127.0.0.1:9', reason: expect.stringContaining('refused') }]);
  });

  it('none is an error', async () => {
    await expect(openMembers(['http://127.0.0.1:9'])).rejects.toMatchObject({ code: 'LS-ALERTMANAGER-001' });
  });

  it('that nobody named are looked for at the same port, by the names of the gossip', async () => {
    // Every address of 127/8 is this machine: the same server answers, under the name of another member.
    const asked: string[] = [];
    await using one = await member('127.0.0.2', ['127.0.0.1', '127.0.0.2'], asked);
    const { present } = await openMembers([one.url]);
    expect(present).toHaveLength(1);
    expect(unknownPeers({ present, absent: [] })).toEqual(['127.0.0.1:9094']);
  });

  it('that nobody named are handed no credentials', async () => {
    const asked: string[] = [];
    await using one = await member('one', ['one', 'localhost'], asked);
    const authorization = new Secret('Bearer token7f3a', 'secret');
    await openMembers([{ url: one.url, authorization, settings: 'attach.alertmanager' }]);
    expect(asked).toHaveLength(2);
  });

  it('that fall silent are named; what is no answer of theirs is a bug', async () => {
    await using one = await member('one', ['one']);
    await using two = await member('two', ['two']);
    const { present } = await openMembers([one.url, two.url]);
    await two[Symbol.asyncDispose]();
    const { answers, silent } = await askAll(present, ({ api }) => api.status());
    expect(answers).toHaveLength(1);
    expect(silent.map(({ url }) => url)).toEqual([two.url]);
    await expect(askAll(present, () => Promise.reject(new TypeError('bug')))).rejects.toThrow('bug');
  });
});
