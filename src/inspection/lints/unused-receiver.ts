import type { Lint } from '../lint.ts';
import { allRoutes } from '../routes.ts';

export const unusedReceiver: Lint = {
  code: 'LS-CHECK-026',
  title: 'a route leads to every receiver',
  inspect: (model) =>
    model.alertmanagers.flatMap(({ route, receivers }) => {
      if (route === undefined) return [];
      const used = new Set(allRoutes(route).map(({ receiver }) => receiver));
      return receivers
        .filter(({ name, integrations }) => integrations.length > 0 && !used.has(name))
        .map(({ name, where }) => ({
          code: 'LS-CHECK-026',
          severity: 'warning',
          subject: name,
          where,
          what: `no route leads to the receiver ${name}`,
          why: 'it is told nothing, ever: somebody may rely on it',
          fix: `add a route to it${model.origin === 'stack' ? `, e.g. routing: {severity: {warning: ${name}}}` : ''}, or delete it`,
        }));
    }),
};
