import { nearest } from '../../platform/nearest.ts';
import { matches } from '../../routing/matcher.ts';
import { prometheusesOf } from '../belonging.ts';
import { exporterOfMetric } from '../exporters.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Inspected, PrometheusFile, Rule } from '../model.ts';
import { selectorsOf, type Selector } from '../promql/expression.ts';

export const unknownJob: Lint = {
  code: 'LS-CHECK-003',
  title: 'rules name only scrape jobs that exist',
  inspect: (model) =>
    model.ruleFiles.flatMap((file) => {
      const known = prometheusesOf(model, file).map(jobNames);
      if (known.length === 0 || known.includes(undefined)) return [];
      const names = new Set(known.flatMap((each) => [...(each ?? [])]));
      const rules = file.groups.flatMap((group) => group.rules);
      return rules.flatMap((rule) => inspectRule(rule, names, model));
    }),
};

/** Every value that the label `job` can have; undefined where that is not to be known. */
function jobNames({ jobs, hasMoreJobs, takesPushes }: PrometheusFile): ReadonlySet<string> | undefined {
  if (hasMoreJobs || takesPushes) return undefined;
  const names = new Set<string>();
  for (const { jobLabels, isOpen, discoveries } of jobs) {
    // Targets from elsewhere may bring a label `job` of their own.
    if (jobLabels === undefined || (isOpen && discoveries.some(({ kind }) => kind !== 'dns')))
      return undefined;
    for (const label of jobLabels) names.add(label);
  }
  return names;
}

function inspectRule(rule: Rule, names: ReadonlySet<string>, model: Inspected): Finding[] {
  if (rule.parsed?.state !== 'parsed') return [];
  return selectorsOf(rule.parsed.expression)
    .filter(({ metric }) => isJudged(metric, model))
    .flatMap((selector) => wrongJob(selector, names))
    .slice(0, 1)
    .map(({ selector, value }) => {
      const near = nearest(value, names);
      return {
        code: 'LS-CHECK-003',
        severity: 'error',
        subject: rule.name,
        where: rule.whereIn(selector.offset),
        what: `${rule.name} asks for job="${value}", and there is no such scrape job`,
        why: `the expression finds no series; the jobs are ${[...names].map((name) => `\`${name}\``).join(', ')}`,
        fix: near === undefined ? `add the scrape job, or name one that exists` : `write job="${near}"`,
      };
    });
}

/** Pushed series and those of forwarders keep the job that their sender gave them; `up` is Prometheus' own. */
function isJudged(metric: string | undefined, model: Inspected): boolean {
  if (metric === undefined) return false;
  const keepsJobs = model.prometheuses.some(({ jobs }) =>
    jobs.some(({ honorLabels, isOpen }) => honorLabels || isOpen),
  );
  return metric === 'up' || !keepsJobs || exporterOfMetric(metric) !== undefined;
}

function wrongJob(selector: Selector, names: ReadonlySet<string>): { selector: Selector; value: string }[] {
  return selector.matchers
    .filter(({ label, operator, value }) => label === 'job' && operator.startsWith('=') && value !== '')
    .filter((matcher) => [...names].every((name) => matches(matcher, name) === false))
    .map(({ value }) => ({ selector, value }));
}
