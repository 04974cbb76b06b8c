import { prometheusesOf } from '../belonging.ts';
import { availabilityOf, type Availability } from '../exporters.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Inspected, PrometheusFile, Rule } from '../model.ts';
import type { Expression, Selector } from '../promql/expression.ts';

type Missing = Extract<Availability, { state: 'missing' }>;

/** Which metrics exist is asked for every rule: remembered for each Prometheus. */
class Known {
  readonly #model: Inspected;
  readonly #recorded: ReadonlySet<string>;
  readonly #answers = new Map<PrometheusFile, Map<string, Availability>>();

  constructor(model: Inspected) {
    this.#model = model;
    this.#recorded = new Set(
      model.ruleFiles.flatMap(({ groups }) =>
        groups.flatMap(({ rules }) => rules.filter(({ kind }) => kind === 'record').map(({ name }) => name)),
      ),
    );
  }

  /** Missing in every Prometheus that loads the rule, and in which one most surely. */
  missing(metric: string, prometheuses: readonly PrometheusFile[]): Missing | undefined {
    if (prometheuses.length === 0 || this.#recorded.has(metric)) return undefined;
    let answer: Missing | undefined;
    for (const prometheus of prometheuses) {
      const one = this.#ask(metric, prometheus);
      if (one.state !== 'missing') return undefined;
      if (answer === undefined || one.doubtful.length > answer.doubtful.length) answer = one;
    }
    return answer;
  }

  #ask(metric: string, prometheus: PrometheusFile): Availability {
    const answers = this.#answers.get(prometheus) ?? new Map<string, Availability>();
    this.#answers.set(prometheus, answers);
    const known = answers.get(metric) ?? availabilityOf(metric, prometheus, this.#model);
    answers.set(metric, known);
    return known;
  }
}

export const unknownMetric: Lint = {
  code: 'LS-CHECK-002',
  title: 'rules use only metrics that something scraped has',
  inspect: (model) => {
    const known = new Known(model);
    return model.ruleFiles.flatMap((file) => {
      const prometheuses = prometheusesOf(model, file);
      return file.groups.flatMap(({ rules }) =>
        rules.flatMap((rule) => {
          if (rule.parsed?.state !== 'parsed') return [];
          const dead = deadSelector(rule.parsed.expression, (metric) => known.missing(metric, prometheuses));
          return dead === undefined ? [] : [finding(rule, dead)];
        }),
      );
    });
  },
};

interface Dead {
  readonly selector: Selector;
  readonly missing: Missing;
  /** Below `absent(…)`: it fires because there is nothing. */
  readonly isAbsent: boolean;
}

/** The metric without which the expression cannot have a result. An alternative that lives is enough. */
function deadSelector(
  expression: Expression,
  missingOf: (metric: string) => Missing | undefined,
  isAbsent = false,
): Dead | undefined {
  const below = (child: Expression | undefined, absent = isAbsent) =>
    child === undefined ? undefined : deadSelector(child, missingOf, absent);
  switch (expression.kind) {
    case 'selector': {
      const missing = expression.metric === undefined ? undefined : missingOf(expression.metric);
      return missing && { selector: expression, missing, isAbsent };
    }
    case 'binary': {
      const left = below(expression.left);
      if (expression.operator === 'unless') return left;
      const right = below(expression.right);
      if (expression.operator === 'or') return left && right;
      return left ?? right;
    }
    case 'call': {
      const absent = isAbsent || expression.name.startsWith('absent');
      return expression.args.map((argument) => below(argument, absent)).find((dead) => dead !== undefined);
    }
    case 'aggregation':
      return expression.args.map((argument) => below(argument)).find((dead) => dead !== undefined);
    case 'negation':
      return below(expression.operand);
    case 'number':
    case 'string':
      return undefined;
  }
}

function finding(rule: Rule, { selector, missing, isAbsent }: Dead): Finding {
  const { exporter, doubtful } = missing;
  const effect =
    rule.kind === 'record'
      ? 'it records nothing'
      : isAbsent
        ? 'absent() is true for what nobody scrapes, so that it fires always'
        : 'without series the expression is never true: the alert cannot fire';
  const unless =
    doubtful.length === 0
      ? ''
      : `; ${doubtful.map((name) => `\`${name}\``).join(', ')} could have it, which is not to be seen here`;
  return {
    code: 'LS-CHECK-002',
    severity: doubtful.length === 0 ? 'error' : 'warning',
    subject: rule.name,
    where: rule.whereIn(selector.offset),
    what: `${rule.name} uses ${selector.metric ?? ''}, and no scrape job is about ${exporter}`,
    why: `${effect}${unless}`,
    fix: `add a scrape job for ${exporter}, or delete the rule`,
  };
}
