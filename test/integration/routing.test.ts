import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createAlertmanagerApi } from '../../src/components/alertmanager/api.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { httpExchange } from '../../src/platform/http.ts';
import { freePort } from '../fixtures/free-port.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { type IntervalInput, configurationOf, readConfiguration } from '../../src/routing/configuration.ts';
import type { Labels } from '../../src/routing/matcher.ts';
import { mutingAt } from '../../src/routing/muting.ts';
import { routesFor } from '../../src/routing/walk.ts';
import type { Program } from '../../src/stack/program.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { alertingStack, makeIntegration } from '../fixtures/alerting.ts';
import { alertLabels, type RouteConfig, tree, withReceivers } from '../routing/trees.ts';
import { renderAlerting } from './live-alertmanager.ts';
import { generations, requirePrograms } from './programs.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'routing-'));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const SEED = 20_261_127;

function sample<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { seed: SEED, numRuns: count });
}

/** Many trees in one: that of the number in the label `tree`. */
function together(trees: readonly RouteConfig[]): RouteConfig {
  return {
    receiver: 'root',
    routes: trees.map((one, index) => ({ ...one, matchers: [`tree="${index}"`] })),
  };
}

async function startWith(program: Program, text: string): Promise<string> {
  const file = join(directory, 'config.yml');
  await writeFile(file, text);
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    program.path,
    [
      `--config.file=${file}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=${url.slice('http://'.length)}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await until(async () => (await httpExchange(`${url}/-/ready`)).status === 200);
  return url;
}

/** Polls; what cannot be asked yet is not there yet. */
async function until(isSo: () => Promise<boolean> | boolean, ms = 20_000): Promise<void> {
  const deadline = performance.now() + ms;
  for (;;) {
    try {
      if (await isSo()) return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    if (performance.now() > deadline) throw new Error('it did not come in time');
    await systemClock.sleep(50);
  }
}

async function post(url: string, alerts: readonly Labels[], endsInMs = 3_600_000): Promise<void> {
  const now = Date.now();
  await createAlertmanagerApi(url).post(
    alerts.map((labels) => ({
      labels,
      annotations: {},
      startsAt: new Date(now - 3_600_000),
      endsAt: new Date(now + endsInMs),
    })),
  );
}

interface ShownAlert {
  readonly labels: Labels;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: {
    readonly state: string;
    readonly inhibitedBy: readonly string[];
    readonly mutedBy?: readonly string[];
  };
}

async function shownAlerts(url: string): Promise<ShownAlert[]> {
  return JSON.parse((await httpExchange(`${url}/api/v2/alerts`)).body) as ShownAlert[];
}

/** What arrives, by path. */
async function sink(): Promise<{
  readonly url: string;
  readonly got: { at: number; path: string; body: string }[];
}> {
  const got: { at: number; path: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString();
    });
    request.on('end', () => {
      got.push({ at: performance.now(), path: request.url ?? '', body });
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
}

describe.each(generations)('routing with %s programs', (generation) => {
  let alertmanager: Program;
  let amtool: Program;
  beforeEach(async () => {
    const programs = await requirePrograms(generation);
    const [first, second] = [programs.get('alertmanager'), programs.get('amtool')];
    if (!first || !second) throw new Error('no alertmanager');
    [alertmanager, amtool] = [first, second];
  });

  const withAMatch = (labels: readonly Labels[], count: number) =>
    labels.flatMap((one, index) =>
      Array.from({ length: count }, (_, i) => ({ ...one, tree: String((index * 7 + i) % 40) })),
    );

  it('we route as `amtool config routes test`, in the same order', async () => {
    const text = stringify(withReceivers(together(sample(tree, 40))));
    const file = join(directory, 'trees.yml');
    await writeFile(file, text);
    const { root } = readConfiguration(text);
    const alerts = withAMatch(sample(alertLabels, 20), 3);
    const answers = new Set<string>();
    const ask = async (labels: Labels) => {
      const words = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
      const { stdout } = await runProgram(amtool.path, [
        'config',
        'routes',
        'test',
        `--config.file=${file}`,
        ...words,
      ]);
      const own = routesFor(root, labels).map(({ receiver }) => receiver);
      answers.add(own.join());
      expect(`${words.join(' ')} → ${own.join(',')}`).toBe(`${words.join(' ')} → ${stdout.trim()}`);
    };
    for (let i = 0; i < alerts.length; i += 4) await Promise.all(alerts.slice(i, i + 4).map(ask));
    expect(answers.size).toBeGreaterThan(4);
    // Broken on purpose: the order counts.
    expect([...answers].some((receivers) => receivers.includes(','))).toBe(true);
  });

  it('we route as a running Alertmanager, a thousand alerts', async () => {
    const text = stringify(withReceivers(together(sample(tree, 40))));
    const url = await startWith(alertmanager, text);
    // As `alert routes` reads it: what the API gives.
    const { config } = await createAlertmanagerApi(url).status();
    const { root } = readConfiguration(config);
    const alerts = withAMatch(sample(alertLabels, 60), 20);
    await post(url, alerts);
    const shown = await shownAlerts(url);
    expect(shown.length).toBeGreaterThan(500);
    for (const { labels, receivers } of shown) {
      const own = routesFor(root, labels).map(({ receiver }) => receiver);
      expect(`${JSON.stringify(labels)} ${own.join()}`).toBe(
        `${JSON.stringify(labels)} ${receivers.map(({ name }) => name).join()}`,
      );
    }
  });

  it('a critical alert mutes the warnings about the same thing, and nothing else; nothing mutes it', async () => {
    const stack = alertingStack({
      receivers: { team: { webhook: [{ url: 'http://127.0.0.1:9/x' }] } },
      severities: { critical: 'team', warning: 'team' },
      default: 'team',
    });
    const { rendered } = await renderAlerting(stack, alertmanager, directory);
    const url = await startWith(alertmanager, rendered.content);
    const thing = { workspace_id: 'nord', component: 'pump', instance: 'a' };
    const muted = [
      { alertname: 'PumpSlow', severity: 'warning', ...thing },
      { alertname: 'PumpOld', severity: 'info', ...thing, team: 'water' },
      { alertname: 'Backlog', severity: 'warning', workspace_id: 'sued' },
    ];
    const told = [
      { alertname: 'PumpDown', severity: 'critical', ...thing },
      { alertname: 'PumpBurns', severity: 'critical', ...thing },
      { alertname: 'AllDown', severity: 'critical', workspace_id: 'sued' },
      { alertname: 'NoWorkspace', severity: 'critical', component: 'pump', instance: 'a' },
      { alertname: 'PumpSlow', severity: 'warning', ...thing, instance: 'b' },
      { alertname: 'PumpSlow', severity: 'warning', ...thing, component: 'valve' },
      { alertname: 'PumpSlow', severity: 'warning', ...thing, workspace_id: 'ost' },
      { alertname: 'PumpSlow', severity: 'warning', component: 'pump', instance: 'a' },
      { alertname: 'PumpSlow', severity: 'warning' },
      { alertname: 'PumpFirm', severity: 'none', ...thing },
    ];
    await post(url, [...told, ...muted]);
    const nameOf = (labels: Labels) =>
      JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))));
    const inhibited = (shown: readonly ShownAlert[]) =>
      shown
        .filter(({ status }) => status.inhibitedBy.length > 0)
        .map(({ labels }) => nameOf(labels))
        .sort();
    // Inhibition runs when an alert is looked at: the sources are all there by now.
    await until(async () => inhibited(await shownAlerts(url)).length >= muted.length);
    expect(inhibited(await shownAlerts(url))).toEqual(muted.map(nameOf).sort());
    expect((await shownAlerts(url)).length).toBe(told.length + muted.length);
  });

  it("pings the dead man's switch at every interval and nobody else, and says nothing at the end", async () => {
    const { url: sinkUrl, got } = await sink();
    const base = alertingStack({
      receivers: { team: { webhook: [{ url: `${sinkUrl}/people` }] } },
      severities: { critical: 'team' },
      default: 'team',
    });
    const watchdog = makeIntegration(
      'webhook',
      { url: `${sinkUrl}/ping`, send_resolved: false },
      '(watchdog)',
    );
    const stack: Stack = { ...base, routing: { ...base.routing, watchdog } };
    const { rendered } = await renderAlerting(stack, alertmanager, directory);
    // As often as it can be in a test; what the file says is once a minute, and again after less than that.
    const file = parse(rendered.content) as { route: { routes: [Record<string, unknown>] } };
    expect(file.route.routes[0]).toMatchObject({
      group_interval: '1m',
      repeat_interval: '50s',
      group_wait: '0s',
    });
    Object.assign(file.route.routes[0], { group_interval: '1s', repeat_interval: '800ms' });
    const url = await startWith(alertmanager, stringify(file));
    const alive = { alertname: 'Watchdog', severity: 'none', stack: 'test' };
    await post(url, [alive, { alertname: 'Quiet', severity: 'none' }]);
    const pings = () => got.filter(({ path }) => path === '/ping');
    const gaps = () => {
      const times = pings().map(({ at }) => at);
      return times.slice(1).map((at, i) => at - (times[i] ?? 0));
    };
    // Every time, which is 1 s, and not every second time. A busy machine is late now and then, but not always.
    await until(() => gaps().filter((gap) => gap < 1_800).length >= 2);
    expect(Math.min(...gaps())).toBeGreaterThan(500);
    await post(url, [alive], 0);
    await until(async () =>
      (await shownAlerts(url)).every(({ labels }) => labels['alertname'] !== 'Watchdog'),
    );
    const before = pings().length;
    await systemClock.sleep(1_500);
    expect(pings().length).toBeLessThanOrEqual(before + 1);
    for (const { body } of got) expect((JSON.parse(body) as { status: string }).status).toBe('firing');
    // Neither the Watchdog nor what its author says nobody is to hear of.
    expect(got.filter(({ path }) => path !== '/ping')).toEqual([]);
  });

  it('mutes as we say, by intervals of every kind', async () => {
    const intervals = sample(intervalInput, 60).map((time_intervals, i) => ({
      name: `i${i}`,
      time_intervals,
    }));
    const text = stringify({
      ...withReceivers({
        receiver: 'root',
        routes: intervals.map(({ name }, i) => ({
          receiver: 'r0',
          matchers: [`route="${name}"`],
          group_wait: '1h',
          [i % 2 === 0 ? 'mute_time_intervals' : 'active_time_intervals']: [name],
        })),
      }),
      time_intervals: intervals,
    });
    const configuration = readConfiguration(text);
    const amtoolSays = join(directory, 'intervals.yml');
    await writeFile(amtoolSays, text);
    const { exitCode, stdout, stderr } = await runProgram(amtool.path, ['check-config', amtoolSays]);
    expect(`${exitCode} ${stdout}${stderr}`).toMatch(/^0 /);
    // Older ones do not say what is muted (prometheus/alertmanager 0.28).
    if (generation === 'debian') return;
    const url = await startWith(alertmanager, text.replaceAll('group_wait: 1h', 'group_wait: 0s'));
    await post(
      url,
      intervals.map(({ name }) => ({ alertname: 'A', route: name })),
    );
    const mutedNow = async () => {
      const groups = JSON.parse((await httpExchange(`${url}/api/v2/alerts/groups`)).body) as {
        alerts: ShownAlert[];
      }[];
      return groups
        .flatMap(({ alerts }) => alerts)
        .filter(({ status }) => (status.mutedBy ?? []).length > 0)
        .map(({ labels }) => labels['route'] ?? '')
        .sort();
    };
    const own = (at: number) =>
      intervals
        .filter((_, i) => mutingAt(configuration, configuration.root.routes[i] ?? configuration.root, at))
        .map(({ name }) => name)
        .sort();
    // The flush decides at its own instant: that of a minute's end may differ from ours.
    await until(async () => JSON.stringify(await mutedNow()) === JSON.stringify(own(Date.now())));
    expect(own(Date.now()).length).toBeGreaterThan(10);
    expect(own(Date.now()).length).toBeLessThan(50);
  });
});

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** Wide enough that about half of them hold at any time. */
const intervalInput: fc.Arbitrary<IntervalInput[]> = fc.array(
  fc.record(
    {
      times: fc
        .tuple(fc.nat({ max: 23 }), fc.nat({ max: 23 }))
        .filter(([from, to]) => from < to)
        .map(([from, to]) => [
          {
            start_time: `${String(from).padStart(2, '0')}:00`,
            end_time: `${String(to).padStart(2, '0')}:30`,
          },
        ]),
      weekdays: fc
        .tuple(fc.nat({ max: 6 }), fc.nat({ max: 6 }))
        .filter(([from, to]) => from <= to)
        .map(([from, to]) => [`${WEEKDAYS[from]}:${WEEKDAYS[to]}`]),
      days_of_month: fc.constantFrom(['1:-1'], ['1:15'], ['16:31'], ['-10:-1'], ['5', '10:28']),
      months: fc.constantFrom(['1:6'], ['july:december'], ['1:12'], ['november']),
      years: fc.constantFrom(['2020:2040'], ['2020:2025']),
      location: fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Auckland', 'America/Los_Angeles'),
    },
    { requiredKeys: [] },
  ),
  { minLength: 1, maxLength: 2 },
) as fc.Arbitrary<IntervalInput[]>;

it('what we read of a file is what we read of it as text', () => {
  for (const root of sample(tree, 50)) {
    const content = withReceivers(root);
    expect(configurationOf(content)).toEqual(readConfiguration(stringify(content)));
  }
});
