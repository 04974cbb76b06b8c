import fc from 'fast-check';

/** Trees of routes as Alertmanager's configuration has them, and alerts that many of their matchers are about. */
export const LABELS = ['severity', 'team', 'site'] as const;
const VALUES = ['a', 'b', 'ab', 'x.y', ''];
const EXPRESSIONS = ['a|b', '.+', '.*', '', '(?i)A', '[^a]+', 'a.*', 'x\\.y', '(a|ab)+', 'b?', '^a$', '\\w'];

const quoted = (value: string) => `"${value.replaceAll('\\', '\\\\')}"`;

const matcher = fc
  .tuple(
    fc.constantFrom(...LABELS),
    fc.oneof(
      fc.tuple(fc.constantFrom('=', '!='), fc.constantFrom(...VALUES)),
      fc.tuple(fc.constantFrom('=~', '!~'), fc.constantFrom(...EXPRESSIONS)),
    ),
  )
  .map(([label, [operator, value]]) => `${label}${operator}${quoted(value)}`);

export interface RouteConfig {
  readonly receiver?: string;
  readonly matchers?: readonly string[];
  readonly continue?: boolean;
  readonly routes?: readonly RouteConfig[];
}

const RECEIVERS = ['r0', 'r1', 'r2', 'r3', 'root'];

const { route } = fc.letrec<{ route: RouteConfig }>((tie) => ({
  route: fc.record(
    {
      receiver: fc.constantFrom('r0', 'r1', 'r2', 'r3'),
      matchers: fc.array(matcher, { maxLength: 2 }),
      continue: fc.boolean(),
      routes: fc.oneof({ depthSize: 'small' }, fc.constant([]), fc.array(tie('route'), { maxLength: 3 })),
    },
    { requiredKeys: ['matchers', 'continue'] },
  ),
}));

export const tree: fc.Arbitrary<RouteConfig> = fc
  .array(route, { maxLength: 4 })
  .map((routes) => ({ receiver: 'root', routes }));

export const alertLabels: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .record(Object.fromEntries(LABELS.map((label) => [label, fc.constantFrom(...VALUES)])))
  .map((labels) => Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')));

export function withReceivers(root: RouteConfig) {
  return { route: root, receivers: RECEIVERS.map((name) => ({ name })) };
}
