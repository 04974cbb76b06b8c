import { parse } from 'yaml';
import { z } from 'zod';
import { parseDuration } from '../platform/units.ts';
import { isExpression } from './expression.ts';
import { type Matcher, parseMatchers } from './matcher.ts';
import {
  isRange,
  minuteOf,
  type Misreading,
  type Range,
  readDaysOfMonth,
  readMonths,
  readWeekdays,
  readYears,
  type TimeInterval,
} from './time-interval.ts';
import { isTimeZone } from './zone.ts';

/** What decides who is told, as an Alertmanager has it in its configuration. */
export interface Configuration {
  readonly root: Route;
  readonly receivers: readonly Receiver[];
  readonly inhibitions: readonly Inhibition[];
  /** Name → it is then when one of these is. */
  readonly intervals: ReadonlyMap<string, readonly TimeInterval[]>;
}

export interface Route {
  /** Inherited where the route itself names none. */
  readonly receiver: string;
  readonly matchers: readonly Matcher[];
  /** Routes after it are tried too. */
  readonly continues: boolean;
  /** Inherited; `...` stands for every label. */
  readonly groupBy: readonly string[];
  /** Inherited. */
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  /** Names of time intervals in which it tells nobody. Not inherited. */
  readonly mutedIn: readonly string[];
  /** Names of those outside of which it tells nobody; none: always active. Not inherited. */
  readonly activeIn: readonly string[];
  readonly routes: readonly Route[];
}

export interface Receiver {
  readonly name: string;
  /** None: Alertmanager's way to tell nobody. */
  readonly integrations: readonly ConfiguredIntegration[];
  /** Everything but the name, as it stands there. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface ConfiguredIntegration {
  /** `slack`, `email` */
  readonly type: string;
  readonly index: number;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** While an alert fires that fits `source`, those that fit `target` and have the same `equal` are held back. */
export interface Inhibition {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

/** Thrown by `readConfiguration`; the message says what it stumbled over. */
export class UnreadableConfiguration extends Error {}

const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
const pairs = z
  .record(z.string(), z.coerce.string())
  .nullish()
  .transform((record) => Object.entries(record ?? {}));

interface RouteInput {
  readonly receiver?: string | null | undefined;
  readonly continue?: boolean | undefined;
  readonly group_by?: readonly string[] | null | undefined;
  readonly group_wait?: string | null | undefined;
  readonly group_interval?: string | null | undefined;
  readonly matchers: readonly string[];
  readonly match: readonly (readonly [string, string])[];
  readonly match_re: readonly (readonly [string, string])[];
  readonly mute_time_intervals: readonly string[];
  readonly active_time_intervals: readonly string[];
  readonly routes: readonly RouteInput[];
}

const routeSchema: z.ZodType<RouteInput> = z.object({
  receiver: z.string().nullish(),
  continue: z.boolean().optional(),
  group_by: z.array(z.string()).nullish(),
  group_wait: z.string().nullish(),
  group_interval: z.string().nullish(),
  matchers: list(z.string()),
  match: pairs,
  match_re: pairs,
  mute_time_intervals: list(z.string()),
  active_time_intervals: list(z.string()),
  get routes() {
    return list(routeSchema);
  },
});

/** Absent and empty are two things: see `TimeInterval`. */
const ranges = z.array(z.coerce.string()).nullish();

const intervalSchema = z.object({
  times: z.array(z.object({ start_time: z.string(), end_time: z.string() })).nullish(),
  weekdays: ranges,
  days_of_month: ranges,
  months: ranges,
  years: ranges,
  location: z.string().nullish(),
});

export type IntervalInput = z.output<typeof intervalSchema>;

const namedIntervals = list(z.object({ name: z.string(), time_intervals: list(intervalSchema) }));

const fileSchema = z.object({
  route: routeSchema,
  receivers: list(z.looseObject({ name: z.string() })),
  inhibit_rules: list(
    z.object({
      source_match: pairs,
      source_match_re: pairs,
      source_matchers: list(z.string()),
      target_match: pairs,
      target_match_re: pairs,
      target_matchers: list(z.string()),
      equal: list(z.string()),
    }),
  ),
  time_intervals: namedIntervals,
  // The older name, which is still read.
  mute_time_intervals: namedIntervals,
});

/** `text`: the YAML of a file, or what Alertmanager's API gives. Throws `UnreadableConfiguration`. */
export function readConfiguration(text: string): Configuration {
  return configurationOf(parsed(text));
}

/** The same from what is no text yet: for what Leitstand renders. */
export function configurationOf(content: unknown): Configuration {
  const result = fileSchema.safeParse(content);
  if (!result.success) throw new UnreadableConfiguration(mistakeIn(result.error));
  const file = result.data;
  return {
    root: routeOf(file.route, ALERTMANAGERS_OWN),
    receivers: file.receivers.map(receiverOf),
    inhibitions: file.inhibit_rules.map((rule) => ({
      source: matchersOf(rule.source_matchers, rule.source_match, rule.source_match_re),
      target: matchersOf(rule.target_matchers, rule.target_match, rule.target_match_re),
      equal: rule.equal,
    })),
    intervals: new Map(
      [...file.mute_time_intervals, ...file.time_intervals].map(({ name, time_intervals: inputs }) => [
        name,
        inputs.map(understoodInterval),
      ]),
    ),
  };
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new UnreadableConfiguration(error instanceof Error ? error.message.slice(0, 200) : 'it is no YAML');
  }
}

function mistakeIn({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}`.slice(0, 200);
}

type Inherited = Pick<Route, 'receiver' | 'groupBy' | 'groupWaitMs' | 'groupIntervalMs'>;

/** Where nobody says otherwise: dispatch/route.go, `DefaultRouteOpts`. */
const ALERTMANAGERS_OWN: Inherited = {
  receiver: '',
  groupBy: [],
  groupWaitMs: 30_000,
  groupIntervalMs: 300_000,
};

function routeOf(input: RouteInput, parent: Inherited): Route {
  const inherited: Inherited = {
    receiver: input.receiver ?? parent.receiver,
    groupBy: input.group_by ?? parent.groupBy,
    groupWaitMs: parseDuration(input.group_wait ?? '') ?? parent.groupWaitMs,
    groupIntervalMs: parseDuration(input.group_interval ?? '') ?? parent.groupIntervalMs,
  };
  return {
    ...inherited,
    matchers: matchersOf(input.matchers, input.match, input.match_re),
    continues: input.continue ?? false,
    mutedIn: input.mute_time_intervals,
    activeIn: input.active_time_intervals,
    routes: input.routes.map((route) => routeOf(route, inherited)),
  };
}

function matchersOf(
  texts: readonly string[],
  equal: readonly (readonly [string, string])[],
  expressions: readonly (readonly [string, string])[],
): Matcher[] {
  return [
    ...texts.flatMap((text) => {
      const matchers = parseMatchers(text);
      if (!matchers) throw new UnreadableConfiguration(`this matcher: ${text}`);
      return matchers;
    }),
    ...equal.map(([label, value]) => ({ label, operator: '=' as const, value })),
    ...expressions.map(([label, value]) => {
      if (!isExpression(value)) throw new UnreadableConfiguration(`this matcher: ${label}=~${value}`);
      return { label, operator: '=~' as const, value, keyValue: `^(?:${value})$` };
    }),
  ];
}

function receiverOf({ name, ...settings }: { readonly name: string; readonly [key: string]: unknown }) {
  const integrations = Object.entries(settings).flatMap(([key, entries]) =>
    key.endsWith('_configs') && Array.isArray(entries)
      ? entries.map((entry: unknown, index) => ({
          type: key.replace(/_configs$/, ''),
          index,
          settings: (entry ?? {}) as Readonly<Record<string, unknown>>,
        }))
      : [],
  );
  return { name, integrations, settings };
}

function understoodInterval(input: IntervalInput): TimeInterval {
  const interval = readInterval(input);
  if ('problem' in interval) throw new UnreadableConfiguration(`a time interval ${interval.problem}`);
  return interval;
}

/** An entry of `time_intervals`. */
export function readInterval(input: IntervalInput): TimeInterval | Misreading {
  const location = input.location ?? 'UTC';
  if (location !== '' && location !== 'Local' && !isTimeZone(location))
    return { problem: `is in the unknown time zone ${location}`, fix: undefined };
  const fields = {
    times: input.times?.map(timesOf),
    weekdays: input.weekdays?.map(readWeekdays),
    daysOfMonth: input.days_of_month?.map(readDaysOfMonth),
    months: input.months?.map(readMonths),
    years: input.years?.map(readYears),
  };
  const wrong = Object.values(fields)
    .flatMap((read) => read ?? [])
    .find((read) => !isRange(read));
  if (wrong !== undefined && !isRange(wrong)) return wrong;
  return { ...(fields as Record<keyof typeof fields, readonly Range[] | undefined>), location };
}

function timesOf(input: { readonly start_time: string; readonly end_time: string }): Range | Misreading {
  const [begin, end] = [minuteOf(input.start_time), minuteOf(input.end_time)];
  return begin === undefined || end === undefined || begin >= end
    ? { problem: `is from ${input.start_time} to ${input.end_time}`, fix: undefined }
    : { begin, end };
}
