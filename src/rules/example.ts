import { parse } from 'yaml';
import { z } from 'zod';
import { durationMs } from '../platform/units.ts';
import type { RuleFile } from '../stack/offer.ts';
import { expandAnnotation } from './annotation.ts';
import { type Pack, type PackAlert, valuesOf } from './pack.ts';
import { fillPlaceholders } from './placeholders.ts';
import { type PackSettings, renderAlert, settingsOf } from './render.ts';

type Texts = Readonly<Record<string, string>>;

/** What an alert of a rule looks like when it fires. */
export interface RuleExample {
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly expr: string;
  /** What could not be filled in, in words. */
  readonly notes: readonly string[];
}

/** In place of the one-letter names of unit tests. */
const INSTANCE = 'db-1:9100';
const VALUE = '42';

/** A shipped alert as its first unit test has it fire, with the stack's settings; labels of `given` win. */
export function shippedExample(
  pack: Pack,
  alert: PackAlert,
  settings: PackSettings,
  given: Texts,
): RuleExample {
  const rendered = renderAlert(alert, settings);
  const values = {
    ...valuesOf(alert, settingsOf(alert, settings)),
    for: Math.ceil(durationMs(rendered.for) / 1000),
  };
  const [expected] = pack
    .tests()
    .filter((test) => test.alert === alert.name)
    .flatMap((test) => test.alert_rule_test)
    .flatMap((moment) => moment.exp_alerts);
  const tested = Object.fromEntries(
    Object.entries(expected?.exp_labels ?? {}).map(([name, text]) => [name, fillPlaceholders(text, values)]),
  );
  const labels = {
    ...tested,
    ...('instance' in tested ? { instance: INSTANCE } : {}),
    ...rendered.labels,
    ...given,
  };
  const value = expected?.value;
  const number = value === undefined ? undefined : Number(fillPlaceholders(String(value), values));
  return {
    labels: { alertname: alert.name, ...labels },
    annotations: Object.fromEntries(
      Object.entries(rendered.annotations).map(([name, text]) => [
        name,
        expandAnnotation(text, labels, number),
      ]),
    ),
    expr: rendered.expr,
    notes: [],
  };
}

const userRules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string().optional(),
          expr: z.coerce.string(),
          labels: z.record(z.string(), z.coerce.string()).default({}),
          annotations: z.record(z.string(), z.coerce.string()).default({}),
        }),
      ),
    }),
  ),
});

type UserRule = z.infer<typeof userRules>['groups'][number]['rules'][number];

/** The alerting rules of a user's file; none of a file that Prometheus would refuse. */
export function userAlerts({ content }: RuleFile): readonly (UserRule & { readonly alert: string })[] {
  const parsed = userRules.safeParse(parse(content));
  if (!parsed.success) return [];
  return parsed.data.groups
    .flatMap(({ rules }) => rules)
    .flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));
}

const TEMPLATE = /\{\{-?\s*(.*?)\s*-?\}\}/g;
const LABEL = /^(?:\$labels|\.Labels)\.([a-zA-Z_]\w*)/;
const LABEL_BY_INDEX = /^index (?:\$labels|\.Labels) "([^"]+)"/;
const SAMPLE = /\$value|\.Value/;
const CONTROL = /^(?:if|else|end|range|with|define|block|template)\b/;

/**
 * A user's alert as it might fire: labels that its texts show and nobody gives are examples. Prometheus' templates are
 * filled in as far as they print a label or the value; what is left is said.
 */
export function userExample(rule: UserRule & { readonly alert: string }, given: Texts): RuleExample {
  const shown = Object.values(rule.annotations).flatMap(labelsIn);
  const labels = {
    ...Object.fromEntries(shown.map((name) => [name, name === 'instance' ? INSTANCE : `‹${name}›`])),
    ...rule.labels,
    ...given,
  };
  const unfilled = new Set<string>();
  const filled = (text: string) =>
    text.replaceAll(TEMPLATE, (whole, inner: string) => {
      const label = labelIn(inner);
      if (label !== undefined) return labels[label] ?? '';
      if (SAMPLE.test(inner) && !CONTROL.test(inner))
        return inner.includes('humanizePercentage') ? `${VALUE}%` : VALUE;
      unfilled.add(whole);
      return whole;
    });
  const annotations = Object.fromEntries(
    Object.entries(rule.annotations).map(([name, text]) => [name, filled(text)]),
  );
  const guessed = shown.filter((name) => labels[name] === `‹${name}›`);
  return {
    labels: { alertname: rule.alert, ...labels },
    annotations,
    expr: rule.expr,
    notes: [
      ...(guessed.length === 0
        ? []
        : [
            `its texts show labels that only the query knows: --labels ${[...new Set(guessed)].map((name) => `${name}=…`).join(',')}`,
          ]),
      ...[...unfilled].map((template) => `only Prometheus can fill in ${template}`),
    ],
  };
}

function labelsIn(text: string): string[] {
  return [...text.matchAll(TEMPLATE)].flatMap(([, inner = '']) => labelIn(inner) ?? []);
}

function labelIn(template: string): string | undefined {
  return (LABEL.exec(template) ?? LABEL_BY_INDEX.exec(template))?.[1];
}
