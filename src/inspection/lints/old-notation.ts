import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';

export const oldNotation: Lint = {
  code: 'LS-CHECK-019',
  title: 'no notation that is going away',
  inspect: (model) =>
    model.alertmanagers.flatMap(({ file, oldMatchers }) => {
      const [first] = oldMatchers;
      if (first === undefined) return [];
      const keys = [...new Set(oldMatchers.map(({ key }) => key))];
      return [
        {
          code: 'LS-CHECK-019',
          severity: 'warning',
          subject: file,
          where: first.where,
          what: `${keys.join(', ')} (${oldMatchers.length} times from here on) is deprecated`,
          why: 'Alertmanager still reads it; a coming version will not',
          fix: `write ${keys[0]?.replace(/match(?:_re)?$/, 'matchers') ?? 'matchers'}: ['label="value"'] in its place`,
        } satisfies Finding,
      ];
    }),
};
