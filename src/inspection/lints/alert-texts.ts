import { isAlwaysFiring } from '../always-firing.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Rule, RuleFile } from '../model.ts';
import { walk } from '../promql/expression.ts';

const TEXTS = ['summary', 'description', 'message', 'title'];

export const alertTexts: Lint = {
  code: 'LS-CHECK-012',
  title: 'every alert has a severity, says what it is about, and says it once',
  inspect: (model) =>
    model.ruleFiles.flatMap((file) => {
      const alerts = file.groups.flatMap(({ rules }) => rules.filter(({ kind }) => kind === 'alert'));
      return [...alerts.flatMap((rule) => [...missing(rule), ...overwritten(rule)]), ...twice(file)];
    }),
};

function missing(rule: Rule): Finding[] {
  const lacks = [
    ...(rule.labels.has('severity') || isAlwaysFiring(rule) ? [] : ['label severity']),
    ...(TEXTS.some((name) => rule.annotations.has(name)) ? [] : ['annotation summary']),
  ];
  if (lacks.length === 0) return [];
  return [
    {
      code: 'LS-CHECK-012',
      severity: 'warning',
      subject: rule.name,
      where: rule.where,
      what: `${rule.name} has no ${lacks.join(' and no ')}`,
      why:
        lacks.length === 2 || lacks[0] === 'label severity'
          ? 'routes that go by severity pass it over'
          : 'whoever is woken by it is told a name only',
      fix: lacks
        .map((lack) =>
          lack.startsWith('label') ? 'add labels: {severity: warning}' : 'add annotations: {summary: …}',
        )
        .join('; '),
    },
  ];
}

/** The rule's label replaces the one by which the expression groups: all results become one alert. */
function overwritten(rule: Rule): Finding[] {
  if (rule.parsed?.state !== 'parsed') return [];
  const { expression } = rule.parsed;
  const grouped =
    expression.kind === 'binary' && !['and', 'or', 'unless'].includes(expression.operator)
      ? [expression.left]
      : [expression];
  const kept = new Set(
    grouped.flatMap((part) => {
      const [outer] = walk(part);
      return outer?.kind === 'aggregation' && outer.modifier === 'by' ? outer.labels : [];
    }),
  );
  return [...rule.labels].flatMap(([label, { text, where }]): Finding[] => {
    if (!kept.has(label) || text.includes('{{') || label === 'severity') return [];
    return [
      {
        code: 'LS-CHECK-012',
        severity: 'warning',
        subject: rule.name,
        where,
        what: `${rule.name} groups by ${label} and then sets ${label} to "${text}" for all`,
        why: 'results that differ only in it become one alert, and which of them it is about is lost',
        fix: `give the rule's label another name`,
      },
    ];
  });
}

/** Same name, same labels, same expression's labels: Alertmanager cannot tell the two apart. */
function twice({ groups }: RuleFile): Finding[] {
  const seen = new Map<string, Rule>();
  const findings: Finding[] = [];
  for (const rule of groups.flatMap(({ rules }) => rules)) {
    if (rule.kind !== 'alert') continue;
    const labels = [...rule.labels].map(([name, { text }]) => JSON.stringify([name, text])).sort();
    const key = JSON.stringify([rule.name, labels, rule.expr.replaceAll(/\s+/g, ' ').trim()]);
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, rule);
    else findings.push(duplicate(rule, earlier));
  }
  return findings;
}

function duplicate(rule: Rule, earlier: Rule): Finding {
  return {
    code: 'LS-CHECK-012',
    severity: 'warning',
    subject: rule.name,
    where: rule.where,
    what: `${rule.name} is there twice with the same labels and the same expression (also in line ${earlier.where.line ?? 0})`,
    why: 'both make the same alert: which of the two `for` and texts counts changes from evaluation to evaluation',
    fix: 'delete one, or give them different severities',
  };
}
