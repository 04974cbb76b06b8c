import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryReport, IntegrationReport } from '../../src/delivery/report.ts';
import type { DeliveryRequest } from '../../src/delivery/request.ts';
import { testDelivery } from '../../src/delivery/test-delivery.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Fault } from '../../src/stack/sandbox.ts';
import type { AlertingOptions } from '../fixtures/alerting.ts';
import { type DeliveryWorld, makeDeliveryWorld, reportOf, type Running } from './delivery-world.ts';
import { type Generation, generations, requirePrograms } from './programs.ts';

/** Alertmanagers at once: each scene waits far more than it works. */
const AT_ONCE = 8;
/** Part of every secret here; no hash and no mark of a test holds it by chance. */
export const SECRET = 'geheimQ7';

/** What a person is told about one integration. */
export interface Wanted {
  readonly verdict: IntegrationReport['verdict'];
  readonly stage?: IntegrationReport['stage'];
  /** A part of it. */
  readonly reason?: string;
  /** All of it; `HOST` is where the inbox listens. */
  readonly fix?: string;
  readonly notes?: readonly string[];
  /** `none`: nothing came that could be called so. */
  readonly evidence: NonNullable<IntegrationReport['evidenceKind']> | 'none';
}

/** The same for both generations, or not. */
export type Row = Wanted | Readonly<Record<Generation, Wanted>>;

/** Receivers as they are named here → what is told about their one integration; `two slack[1]` names another one. */
export type Rows = Readonly<Record<string, Row>>;

export interface Scene {
  readonly name: string;
  readonly receivers: (
    world: DeliveryWorld,
  ) => AlertingOptions['receivers'] | Promise<AlertingOptions['receivers']>;
  readonly more?: (world: DeliveryWorld) => Partial<AlertingOptions>;
  /** What the inbox is told to do wrong; without a number until the scene is over. */
  readonly faults?: readonly (readonly [type: string, fault: Fault, times?: number | undefined])[];
  /** What is started in place of Alertmanager itself. */
  readonly program?: (world: DeliveryWorld, program: Program) => Promise<Program>;
  /** After Alertmanager's start, before the test. */
  readonly prepare?: (world: DeliveryWorld, running: Running) => unknown;
  readonly request?: (
    world: DeliveryWorld,
    running: Running,
    program: Program,
  ) => Partial<DeliveryRequest> | Promise<Partial<DeliveryRequest>>;
  /** What is told when the messages are seen in the inbox. */
  readonly inbox?: Rows;
  /** The same, when the inbox is a provider elsewhere of which nothing is seen but what Alertmanager makes of its answers. */
  readonly elsewhere?: Rows;
  /** After the test, before its world ends. */
  readonly afterwards?: (played: Played) => unknown;
}

export interface Played {
  readonly world: DeliveryWorld;
  readonly running: Running;
  readonly report: DeliveryReport;
  /** All that is shown and recorded. */
  readonly kept: string;
}

type Sight = 'inbox' | 'elsewhere';

/** Plays every scene with both generations of Alertmanager, several at once, and compares each row. */
export function describeScenes(title: string, scenes: readonly Scene[]): void {
  describe.each(generations)(`${title}, with %s programs`, (generation) => {
    const played = new Map<string, Promise<Played>>();
    const turns = turnsFor(AT_ONCE);
    beforeAll(() => {
      for (const scene of scenes)
        for (const sight of sightsOf(scene)) {
          const playing = turns(() => play(scene, generation, sight));
          // Told by the test that waits for it.
          playing.catch(() => undefined);
          played.set(`${scene.name} ${sight}`, playing);
        }
    });
    afterAll(async () => {
      await Promise.allSettled(played.values());
    });
    for (const scene of scenes)
      describe.each(sightsOf(scene))(`${scene.name}, seen %s`, (sight) => {
        const get = () => played.get(`${scene.name} ${sight}`);
        const rows = Object.entries(scene[sight] ?? {});
        it.each(rows)('%s', async (name, row) => {
          const one = await get();
          const wanted = 'verdict' in row ? row : row[generation];
          expect(one && told(one, name)).toEqual(wantedOf(wanted));
        });
        it('tells about nothing else, and no secret', async () => {
          const one = await get();
          expect(one?.report.integrations).toHaveLength(rows.length);
          if (one) expectNoSecret(one);
        });
      });
  });
}

function sightsOf(scene: Scene): Sight[] {
  return (['inbox', 'elsewhere'] as const).filter((sight) => scene[sight] !== undefined);
}

async function play(scene: Scene, generation: Generation, sight: Sight): Promise<Played> {
  const program = (await requirePrograms(generation)).get('alertmanager');
  if (!program) throw new Error('no alertmanager');
  const world = await makeDeliveryWorld();
  try {
    return await playIn(world, { scene, sight, program: (await scene.program?.(world, program)) ?? program });
  } finally {
    await world.end();
  }
}

interface Setting {
  readonly scene: Scene;
  readonly sight: Sight;
  readonly program: Program;
}

async function playIn(world: DeliveryWorld, { scene, sight, program }: Setting): Promise<Played> {
  const receivers = await scene.receivers(world);
  const names = Object.keys(receivers);
  const running = await world.start(program, {
    receivers,
    severities: Object.fromEntries(names.map((name) => [name, name])),
    default: names[0] ?? '',
    ...scene.more?.(world),
  });
  for (const [type, fault, times] of scene.faults ?? []) world.misbehave(type, fault, times);
  await scene.prepare?.(world, running);
  const { inbox, ...rest } = world.request(running, await scene.request?.(world, running, program));
  const report = await testDelivery(sight === 'inbox' && inbox ? { ...rest, inbox } : rest);
  const { proofs, deliveries } = world.history;
  const kept = JSON.stringify([report, proofs.list({ limit: 99 }), deliveries.list({ limit: 99 })]);
  const played = { world, running, report, kept };
  await scene.afterwards?.(played);
  return played;
}

/** Of the report, what `Wanted` speaks of; with `HOST` for the inbox. */
function told({ world, report }: Played, name: string): unknown {
  const one = reportOf(report, name.includes('[') ? name : nameIn(report, name));
  if (!one) return `there is no report of ${name}`;
  const { verdict, stage, reason, fix, notes, evidenceKind } = one;
  const text = JSON.stringify({ verdict, stage, reason, fix, notes, evidence: evidenceKind ?? 'none' });
  return JSON.parse(text.replaceAll(world.hostPort, 'HOST'));
}

/** Of a receiver with one integration. */
function nameIn({ integrations }: DeliveryReport, receiver: string): string {
  const one = integrations.find((integration) => integration.receiver === receiver);
  return `${receiver} ${one?.type}[${one?.index}]`;
}

function wantedOf({ reason, ...exact }: Wanted): unknown {
  return { ...exact, ...(reason === undefined ? {} : { reason: expect.stringContaining(reason) }) };
}

function expectNoSecret({ running, kept }: Played): void {
  const secrets = running.stack.integrations.flatMap((one) => one.secrets().map((secret) => secret.reveal()));
  for (const secret of [SECRET, ...secrets]) expect(kept).not.toContain(secret);
}

/** So many at once; in the order in which they come. */
function turnsFor(count: number) {
  const waiting: (() => void)[] = [];
  let free = count;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

/** One receiver for each type. */
export function oneOfEach({ inboxUrl, hostPort }: Pick<DeliveryWorld, 'inboxUrl' | 'hostPort'>) {
  return {
    slack: { slack: [{ webhook_url: `${inboxUrl}/slack/services/T0/B0/${SECRET}${SECRET}` }] },
    email: {
      email: [
        {
          to: 'ops@example.org',
          from: 'alerts@example.org',
          smarthost: hostPort,
          username: 'alerts@example.org',
          password: `${SECRET}word`,
        },
      ],
    },
    pagerduty: {
      pagerduty: [{ routing_key: SECRET.repeat(4), url: `${inboxUrl}/pagerduty/v2/enqueue` }],
    },
    webhook: { webhook: [{ url: `${inboxUrl}/webhook/${SECRET}` }] },
  };
}

/** Where the two generations differ. */
export function perGeneration(current: Wanted, debian: Wanted): Row {
  return { current, debian };
}

/** Lost where the destination answers, or does not. */
export function lost(reason: string, fix: string, evidence: Wanted['evidence']): Wanted {
  return { verdict: 'FAILED', stage: 'receive', reason, fix, evidence };
}

/** Alertmanager did not get through. */
export function notSent(reason: string, fix: string): Wanted {
  return { verdict: 'FAILED', stage: 'send', reason, fix, evidence: 'log' };
}

/** Known before anything is sent. */
export function unsent(reason: string, fix: string): Wanted {
  return { ...notSent(reason, fix), evidence: 'none' };
}

/** The inbox fails because somebody said so. */
export function onPurpose(reason: string, fix: string, evidence: Wanted['evidence'] = 'inbox'): Wanted {
  return lost(reason, whileTold(fix), evidence);
}

/** What is told beside the provider's fix then. */
export function whileTold(fix: string): string {
  return `the inbox was told to do so: leitstand inbox misbehave --clear. Were it the provider: ${fix}`;
}

export const CONFIRMED: Wanted = { verdict: 'CONFIRMED', evidence: 'inbox' };
export const ACCEPTED: Wanted = { verdict: 'ACCEPTED', evidence: 'counters' };
