import {
  type AlertmanagerApi,
  type AlertmanagerStatus,
  createAlertmanagerApi,
  type PostableAlert,
} from '../components/alertmanager/api.ts';
import { LeitstandError } from '../platform/errors.ts';
import { type Address, shownUrl } from '../stack/connection.ts';

/** One Alertmanager that takes part in the test. */
export interface Member {
  readonly address: Address;
  /** May be shown. */
  readonly url: string;
  readonly api: AlertmanagerApi;
  readonly status: AlertmanagerStatus;
}

export interface AbsentMember {
  readonly url: string;
  readonly reason: string;
}

/** Those that answer, at least one, and those that do not. */
export interface Members {
  readonly present: readonly Member[];
  readonly absent: readonly AbsentMember[];
}

/**
 * Asks each whether it is ready and what it has loaded. Members that the gossip knows and nobody named are looked for
 * at the same port, where no credentials would have to be handed to them. Rejects with the LS-ALERTMANAGER error of the
 * first when none of them can be asked.
 */
export async function openMembers(addresses: readonly Address[], signal?: AbortSignal): Promise<Members> {
  const named = await openAll(addresses, signal);
  const guesses = guessPeers(named.present);
  if (guesses.length === 0) return named;
  const found = await openAll(guesses, signal, 'found');
  const names = new Set(named.present.flatMap(({ status }) => status.peers.map(({ name }) => name)));
  const own = found.present.filter(({ status }) => names.has(status.peerName));
  return { present: [...named.present, ...own], absent: named.absent };
}

async function openAll(
  addresses: readonly Address[],
  signal: AbortSignal | undefined,
  origin: 'named' | 'found' = 'named',
): Promise<Members> {
  const outcomes = await Promise.allSettled(addresses.map((address) => openMember(address, signal)));
  signal?.throwIfAborted();
  const { answers, failures } = sorted(outcomes);
  if (answers.length === 0 && origin === 'named') throw failures[0]?.error;
  const absent = failures.flatMap(({ index, error }) => {
    const address = addresses[index];
    return address === undefined ? [] : [{ url: shownUrl(address), reason: reasonOf(error) }];
  });
  return { present: answers, absent };
}

/** Throws what is no LeitstandError: that is a bug, and not a member that does not answer. */
function sorted<Answer>(outcomes: readonly PromiseSettledResult<Answer>[]) {
  const answers: Answer[] = [];
  const failures: { readonly index: number; readonly error: LeitstandError }[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') answers.push(outcome.value);
    else if (outcome.reason instanceof LeitstandError) failures.push({ index, error: outcome.reason });
    else throw outcome.reason;
  }
  return { answers, failures };
}

async function openMember(address: Address, signal: AbortSignal | undefined): Promise<Member> {
  const api = createAlertmanagerApi(address, signal);
  await api.assertReady();
  return { address, url: shownUrl(address), api, status: await api.status() };
}

function reasonOf({ details }: LeitstandError): string {
  return details.why ?? details.what;
}

/** The gossip's address has the right host, and a port of its own. */
function guessPeers(members: readonly Member[]): Address[] {
  const [first] = members;
  if (!first || members.length !== 1 || hasCredentials(first.address)) return [];
  const base = new URL(first.url);
  return first.status.peers
    .filter(({ name }) => name !== first.status.peerName)
    .flatMap(({ address }) => {
      const host = /^(.+):\d+$/.exec(address)?.[1];
      const url = new URL(base);
      url.hostname = host ?? '';
      if (host === undefined || url.href === base.href) return [];
      const guess = url.href.replace(/\/$/, '');
      return [typeof first.address === 'string' ? guess : { ...first.address, url: guess }];
    });
}

function hasCredentials(address: Address): boolean {
  if (typeof address !== 'string') return address.authorization !== undefined;
  const { username, password } = new URL(address);
  return username !== '' || password !== '';
}

/** Names of members of the cluster that nobody here speaks to. */
export function unknownPeers({ present, absent }: Members): string[] {
  const known = new Set(present.map(({ status }) => status.peerName));
  const named = new Map(
    present.flatMap(({ status }) => status.peers.map(({ name, address }) => [name, address])),
  );
  const unknown = [...named].filter(([name]) => !known.has(name)).map(([, address]) => address);
  // Each that does not answer may be one of them.
  return unknown.slice(absent.length);
}

/** What each of them says, and who falls silent meanwhile. Rejects when the signal aborts, or when all fail. */
export async function askAll<Answer>(
  members: readonly Member[],
  ask: (member: Member) => Promise<Answer>,
  signal?: AbortSignal,
): Promise<{ readonly answers: readonly Answer[]; readonly silent: readonly AbsentMember[] }> {
  const outcomes = await Promise.allSettled(members.map(ask));
  signal?.throwIfAborted();
  const { answers, failures } = sorted(outcomes);
  if (answers.length === 0 && failures[0]) throw failures[0].error;
  const silent = failures.flatMap(({ index, error }) => {
    const member = members[index];
    return member ? [{ url: member.url, reason: reasonOf(error) }] : [];
  });
  return { answers, silent };
}

/** To each of them: alerts are not handed on among the members. */
export async function postToAll(
  members: readonly Member[],
  alerts: readonly PostableAlert[],
  signal?: AbortSignal,
): Promise<readonly AbsentMember[]> {
  return (await askAll(members, ({ api }) => api.post(alerts), signal)).silent;
}
