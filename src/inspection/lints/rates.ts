import { formatDuration } from '../../platform/units.ts';
import { allMatch } from '../../routing/matcher.ts';
import { prometheusesOf } from '../belonging.ts';
import { exporterOfMetric, programsOf } from '../exporters.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Inspected, PrometheusFile, Rule } from '../model.ts';
import {
  constantOf,
  isComparison,
  walk,
  type Call,
  type Expression,
  type Selector,
} from '../promql/expression.ts';

const NEEDS_TWO_SAMPLES = new Set([
  'rate',
  'irate',
  'increase',
  'delta',
  'idelta',
  'deriv',
  'predict_linear',
]);
const FOR_COUNTERS = new Set(['rate', 'irate', 'increase']);
/** Names that only go with values that rise and fall, by Prometheus' own conventions for names. */
const GAUGE = /^up$|_(?:info|ratio|percent|celsius|timestamp_seconds)$/;

export const rates: Lint = {
  code: 'LS-CHECK-011',
  title: 'every rate has two samples and is one of a counter',
  inspect: (model) =>
    model.ruleFiles.flatMap((file) => {
      const prometheuses = prometheusesOf(model, file);
      return file.groups.flatMap(({ rules }) =>
        rules.flatMap((rule) => {
          if (rule.parsed?.state !== 'parsed') return [];
          const { expression } = rule.parsed;
          return [
            ...callsOf(expression).flatMap((call) => inspectCall(rule, call, prometheuses, model)),
            ...bareCounter(rule, expression),
          ].slice(0, 1);
        }),
      );
    }),
};

function callsOf(expression: Expression): Call[] {
  return walk(expression).filter(
    (each): each is Call => each.kind === 'call' && NEEDS_TWO_SAMPLES.has(each.name),
  );
}

function inspectCall(
  rule: Rule,
  call: Call,
  prometheuses: readonly PrometheusFile[],
  model: Inspected,
): Finding[] {
  const [argument] = call.args;
  if (argument?.kind !== 'selector') return [];
  const common = { code: 'LS-CHECK-011', subject: rule.name, where: rule.whereIn(argument.offset) } as const;
  const metric = argument.metric ?? 'its series';
  if (FOR_COUNTERS.has(call.name) && argument.metric !== undefined && GAUGE.test(argument.metric))
    return [
      {
        ...common,
        severity: 'warning',
        what: `${rule.name} takes ${call.name}() of ${metric}, which by its name is no counter`,
        why: `${call.name}() takes every fall of the value for a restart`,
        fix: 'use delta() or deriv(), or a counter (its name ends in _total)',
      },
    ];
  const interval = intervalOf(argument, prometheuses, model);
  if (argument.rangeMs === undefined || interval === undefined || argument.rangeMs >= 2 * interval) return [];
  const never = argument.rangeMs <= interval;
  return [
    {
      ...common,
      severity: never ? 'error' : 'warning',
      what: `${rule.name} takes ${call.name}() over ${formatDuration(argument.rangeMs)}, and ${metric} is scraped every ${formatDuration(interval)}`,
      why: never
        ? 'two samples are needed, and the window never holds them: the result is always empty'
        : 'two samples are needed, and the window holds them only by luck',
      fix: `use at least [${formatDuration(4 * interval)}], four times the interval`,
    },
  ];
}

/** `_total` alone ends many a gauge; with one of these words before it the name is a counter's. */
const COUNTER = /_(?:requests|errors|failures|failed|dropped|restarts|retries|timeouts|events|bytes)_total$/;

/** The shortest interval of the jobs that can have the series; undefined where none is known. */
function intervalOf(
  selector: Selector,
  prometheuses: readonly PrometheusFile[],
  model: Inspected,
): number | undefined {
  // A recorded series comes as often as its group is evaluated.
  if (selector.metric?.includes(':') !== false) return undefined;
  const exporter = exporterOfMetric(selector.metric)?.name;
  const jobs = prometheuses.flatMap(({ jobs: all }) => all);
  if (jobs.length === 0 || prometheuses.some(({ takesPushes, hasMoreJobs }) => takesPushes || hasMoreJobs))
    return undefined;
  const named = jobs.filter(
    ({ name }) => allMatch(selector.matchers, (label) => (label === 'job' ? name : undefined)) !== false,
  );
  const own = named.filter((job) => exporter !== undefined && programsOf(job, model).includes(exporter));
  const candidates = own.length > 0 ? own : named;
  return candidates.length === 0 ? undefined : Math.min(...candidates.map(({ intervalMs }) => intervalMs));
}

/** `errors_total > 5`: true from the sixth error ever until the program restarts. */
function bareCounter(rule: Rule, expression: Expression): Finding[] {
  if (rule.kind !== 'alert' || !isComparison(expression) || expression.bool) return [];
  const { left, right, operator } = expression;
  const limit = constantOf(right);
  const isCounter = left.kind === 'selector' && COUNTER.test(left.metric ?? '');
  if (!isCounter || limit === undefined || !operator.startsWith('>')) return [];
  return [
    {
      code: 'LS-CHECK-011',
      severity: 'warning',
      subject: rule.name,
      where: rule.whereIn(left.offset),
      what: `${rule.name} compares the counter ${left.metric ?? ''} as it is`,
      why: 'a counter only grows: once it is above, the alert stays until the program restarts',
      fix: `compare how much it grew lately: increase(${left.metric ?? ''}[15m]) ${operator} ${limit}`,
    },
  ];
}
