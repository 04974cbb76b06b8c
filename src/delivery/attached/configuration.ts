import { parse } from 'yaml';
import { z } from 'zod';
import { deliveryErrors } from '../errors.ts';
import { makeMatcher, type Matcher, parseMatcher } from './matchers.ts';

/** What decides who is told, from an Alertmanager's own configuration. */
export interface AttachedConfiguration {
  readonly root: Route;
  readonly receivers: readonly AttachedReceiver[];
  readonly inhibitions: readonly Inhibition[];
}

export interface Route {
  /** Inherited where the route itself names none. */
  readonly receiver: string;
  readonly matchers: readonly Matcher[];
  /** Routes after it are tried too. */
  readonly goesOn: boolean;
  /** Inherited; `...` stands for every label. */
  readonly groupBy: readonly string[];
  /** Time intervals that hold it back, or outside of which it is held back. Not inherited. */
  readonly intervals: readonly string[];
  readonly routes: readonly Route[];
}

export interface AttachedReceiver {
  readonly name: string;
  readonly integrations: readonly AttachedIntegration[];
  /** As Alertmanager shows it, secrets masked. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface AttachedIntegration {
  readonly type: string;
  readonly index: number;
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface Inhibition {
  readonly source: readonly Matcher[];
  readonly equal: readonly string[];
}

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
  matchers: list(z.string()),
  match: pairs,
  match_re: pairs,
  mute_time_intervals: list(z.string()),
  active_time_intervals: list(z.string()),
  get routes() {
    return list(routeSchema);
  },
});

const fileSchema = z.object({
  route: routeSchema,
  receivers: list(z.looseObject({ name: z.string() })),
  inhibit_rules: list(
    z.object({
      source_match: pairs,
      source_match_re: pairs,
      source_matchers: list(z.string()),
      equal: list(z.string()),
    }),
  ),
});

/** `text`: the YAML that Alertmanager's API gives. Throws LS-DELIVERY-001. */
export function readConfiguration(text: string): AttachedConfiguration {
  const file = accept(text);
  return {
    root: routeOf(file.route, { receiver: '', groupBy: [] }),
    receivers: file.receivers.map(receiverOf),
    inhibitions: file.inhibit_rules.map((rule) => ({
      source: matchersOf(rule.source_matchers, rule.source_match, rule.source_match_re),
      equal: rule.equal,
    })),
  };
}

function accept(text: string): z.output<typeof fileSchema> {
  try {
    return fileSchema.parse(parse(text));
  } catch (error) {
    throw notUnderstood(error instanceof Error ? error.message.slice(0, 200) : 'it is no YAML', error);
  }
}

function routeOf(input: RouteInput, parent: { receiver: string; groupBy: readonly string[] }): Route {
  const inherited = {
    receiver: input.receiver ?? parent.receiver,
    groupBy: input.group_by ?? parent.groupBy,
  };
  return {
    ...inherited,
    matchers: matchersOf(input.matchers, input.match, input.match_re),
    goesOn: input.continue ?? false,
    intervals: [...input.mute_time_intervals, ...input.active_time_intervals],
    routes: input.routes.map((route) => routeOf(route, inherited)),
  };
}

function matchersOf(
  texts: readonly string[],
  equal: readonly (readonly [string, string])[],
  expressions: readonly (readonly [string, string])[],
): Matcher[] {
  const known = (matcher: Matcher | undefined, text: string): Matcher => {
    if (matcher) return matcher;
    throw notUnderstood(`this matcher: ${text}`);
  };
  return [
    ...texts.map((text) => known(parseMatcher(text), text)),
    ...equal.map(([label, value]) => known(makeMatcher(label, '=', value), label)),
    ...expressions.map(([label, value]) => known(makeMatcher(label, '=~', value), `${label}=~${value}`)),
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

function notUnderstood(why: string, cause?: unknown) {
  return deliveryErrors.error('LS-DELIVERY-001', {
    what: "the attached Alertmanager's configuration is not understood",
    why,
    fix: 'write it in the way of the current documentation of Alertmanager; amtool check-config judges it',
    cause,
  });
}
