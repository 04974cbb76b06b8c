import { allRules } from '../belonging.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';

export const unreadable: Lint = {
  code: 'LS-CHECK-001',
  title: 'every file and every expression can be read',
  inspect: (model) => [
    ...model.unreadable.map(
      ({ where, what, fix }): Finding => ({
        code: 'LS-CHECK-001',
        severity: 'error',
        subject: where.file,
        where,
        what: `not to be read as YAML: ${what}`,
        why: 'the program refuses a file that it cannot read',
        fix: fix ?? 'correct the line; what follows on it is looked at afterwards',
      }),
    ),
    ...allRules(model).flatMap((rule): Finding[] => {
      const isMissing = rule.expr.trim() === '';
      if (rule.parsed?.state === 'parsed' || (rule.parsed === undefined && !isMissing)) return [];
      return [
        {
          code: 'LS-CHECK-001',
          severity: 'error',
          subject: rule.name,
          where: rule.parsed?.state === 'refused' ? rule.whereIn(rule.parsed.offset) : rule.where,
          what: isMissing
            ? `${rule.name} has no expression`
            : `the expression of ${rule.name} is no PromQL from here on`,
          why: 'Prometheus refuses the whole file, all its other rules with it',
          fix: isMissing ? 'write `expr`' : 'look for a missing bracket, quote or operator before this place',
        },
      ];
    }),
  ],
};
