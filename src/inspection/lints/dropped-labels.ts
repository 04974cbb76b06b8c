import { allRules } from '../belonging.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Rule } from '../model.ts';
import { canHave, labelsOf, type LabelSet } from '../promql/labels.ts';

const USE = /\$labels\.([a-zA-Z_]\w*)|\.Labels\.([a-zA-Z_]\w*)/g;

export const droppedLabels: Lint = {
  code: 'LS-CHECK-013',
  title: 'texts use only labels that the expression keeps',
  inspect: (model) =>
    allRules(model).flatMap((rule) =>
      rule.kind === 'alert' && rule.parsed?.state === 'parsed'
        ? inspectRule(rule, labelsOf(rule.parsed.expression))
        : [],
    ),
};

function inspectRule(rule: Rule, kept: LabelSet): Finding[] {
  return [...rule.annotations, ...rule.labels].flatMap(([name, { text, where }]): Finding[] => {
    const dropped = usedLabels(text).filter((label) => !canHave(kept, label));
    if (dropped.length === 0) return [];
    const labels = dropped.join(', ');
    return [
      {
        code: 'LS-CHECK-013',
        severity: 'warning',
        subject: rule.name,
        where,
        what: `${name} of ${rule.name} uses what its expression does not keep: ${labels}`,
        why:
          kept.kind === 'only' && kept.labels.size > 0
            ? `only ${[...kept.labels].join(', ')} is left: the text has a gap there`
            : 'the result has no such label: the text has a gap there',
        fix: `keep it in the expression, as in \`by (${labels})\`, or leave it out of the text`,
      },
    ];
  });
}

/** Labels in `{{ … }}`; one whose absence the text is prepared for does not count. */
function usedLabels(text: string): string[] {
  const actions = [...text.matchAll(/\{\{(.*?)\}\}/gs)].map(([, action = '']) => action);
  const labelsIn = (action: string) => [...action.matchAll(USE)].map(([, a, b]) => a ?? b ?? '');
  const prepared = new Set(
    actions.filter((action) => /^-?\s*(?:if|else if|with|range)\b|\bor\b/.test(action)).flatMap(labelsIn),
  );
  return [...new Set(actions.flatMap(labelsIn))].filter((label) => !prepared.has(label));
}
