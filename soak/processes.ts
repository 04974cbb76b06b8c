import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { systemClock } from '../src/platform/clock.ts';
import { openDirectoryStore } from '../src/repository/stores/directory/index.ts';
import { type Die, dieFrom } from './die.ts';
import type { Told } from './host.ts';
import { jump } from './jumping-store.ts';
import { initialise, openAt, placeIn } from './repository-world.ts';
import type { Scenario } from './scenario.ts';

/** What a host may be told when others delete at the same time, or time flies: the next round goes on. */
const ALLOWED = ['LS-REPO-019', 'LS-REPO-026', 'LS-REPO-027'];
const ROLES = ['writer', 'writer', 'pruner', 'pruner'] as const;

interface Host {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  isPaused: boolean;
}

interface Ledger {
  readonly committed: Set<string>;
  /** Snapshots that retention may have taken. */
  readonly over: Set<string>;
  readonly problems: string[];
  rounds: number;
  kills: number;
  deleted: number;
}

/**
 * Two writers and two prunes as processes on one directory, each killed, paused and started again as the die has it,
 * while hours pass: nothing that was committed is lost, and no snapshot has holes.
 */
export async function playProcesses(
  directory: string,
  die: Die,
  { rounds, eventsPerRound }: { readonly rounds: number; readonly eventsPerRound: number },
): Promise<string> {
  await initialise(placeIn(directory));
  const ledger: Ledger = {
    committed: new Set(),
    over: new Set(),
    problems: [],
    rounds: 0,
    kills: 0,
    deleted: 0,
  };
  for (let round = 0; round < rounds; round++) {
    await playRound(directory, die, { ledger, events: eventsPerRound });
    await assertInvariants(directory, ledger);
  }
  const { committed, kills, deleted } = ledger;
  return `${rounds} rounds: ${ledger.rounds} things done, ${committed.size} snapshots, ${deleted} objects deleted, ${kills} kills`;
}

async function playRound(
  directory: string,
  die: Die,
  { ledger, events }: { readonly ledger: Ledger; readonly events: number },
): Promise<void> {
  const start = (i: number) =>
    startHost(directory, { role: ROLES[i] ?? 'writer', name: `h${i}`, die, ledger });
  const hosts = ROLES.map((_, i) => start(i));
  for (let event = 0; event < events; event++) {
    await systemClock.sleep(20 + die.below(200));
    const i = die.below(hosts.length);
    const host = hosts[i] as Host;
    const what = die.below(10);
    if (what < 4) jump(directory, 1 + die.below(20));
    else if (what < 7) {
      host.child.kill(host.isPaused ? 'SIGCONT' : 'SIGSTOP');
      host.isPaused = !host.isPaused;
    } else {
      host.child.kill('SIGKILL');
      await host.ended;
      ledger.kills += 1;
      hosts[i] = start(i);
    }
  }
  for (const { child } of hosts) {
    child.kill('SIGCONT');
    child.stdin?.end();
  }
  await Promise.all(hosts.map(({ ended }) => ended));
}

function startHost(
  directory: string,
  {
    role,
    name,
    die,
    ledger,
  }: { readonly role: string; readonly name: string; readonly die: Die; readonly ledger: Ledger },
): Host {
  const ahead = die.of([-24, 0, 24]);
  const args = [
    join(import.meta.dirname, 'host.ts'),
    directory,
    role,
    name,
    String(die.below(2 ** 31)),
    String(ahead),
  ];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const text = { out: '', err: '' };
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text.out + chunk).split('\n');
    text.out = lines.pop() ?? '';
    for (const line of lines) note(JSON.parse(line) as Told, ledger);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk;
  });
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      if (text.err !== '') ledger.problems.push(`${role} ${name}: ${text.err}`);
      resolve();
    }),
  );
  return { child, ended, isPaused: false };
}

function note(told: Told, ledger: Ledger): void {
  ledger.rounds += 1;
  if (told.told === 'committed') ledger.committed.add(told.snapshot);
  else if (told.told === 'pruned') {
    ledger.deleted += told.deleted;
    for (const id of told.over) ledger.over.add(id);
  } else if (told.told === 'verified') {
    // A record that retention takes away in the middle of a look is no damage; what is damaged stays so.
  } else if (!ALLOWED.includes(told.code)) ledger.problems.push(`refused with ${told.code}`);
}

async function assertInvariants(directory: string, ledger: Ledger): Promise<void> {
  assert.deepEqual(ledger.problems, []);
  const repository = await openAt(placeIn(directory));
  const { findings } = await repository.verify({ level: 'content' });
  assert.deepEqual(findings, []);
  const { snapshots, refused } = await repository.survey();
  assert.deepEqual(refused, []);
  const there = new Set(snapshots.map(({ id }) => id));
  const condemned = await idsOver(directory);
  for (const id of ledger.committed)
    assert.ok(there.has(id) || ledger.over.has(id) || condemned.has(id), `snapshot ${id} is lost`);
}

/** Of prunes that were killed before they could tell. */
async function idsOver(directory: string): Promise<ReadonlySet<string>> {
  const store = openDirectoryStore(placeIn(directory).repository);
  const over = new Set<string>();
  for await (const { name } of store.list('gc/')) {
    const text = Buffer.from((await store.get(name)) ?? []).toString('utf8');
    for (const id of (JSON.parse(text) as { readonly snapshots: string[] }).snapshots) over.add(id);
  }
  return over;
}

export const processes: Scenario = {
  name: 'processes',
  summary:
    'two writers and two prunes as processes on one repository, killed and paused at random while days pass',
  play: (seed, directory) => playProcesses(directory, dieFrom(seed), { rounds: 3, eventsPerRound: 40 }),
};
