import { canonicalJson } from '../platform/canonical-json.ts';
import type { Stack } from '../stack/stack.ts';

type Alerting = Pick<Stack, 'receivers' | 'integrations'> & {
  readonly routing: Pick<Stack['routing'], 'default'>;
};

/** Who is told that alerts may not get through, and about what. */
export interface Told {
  readonly told: string;
  /** Receivers, or types of integrations. */
  readonly about: readonly string[];
}

/**
 * Who is told that alerts may not reach a receiver: the default, else the first one in the file's order, that is reached
 * in a way in which the receiver itself is not. Undefined: nobody else can be told.
 */
export function toldAbout(stack: Alerting, receiver: string): string | undefined {
  const { receivers, routing } = stack;
  const own = waysTo(stack, receiver);
  return [routing.default, ...receivers].find(
    (other) => other !== receiver && [...waysTo(stack, other)].some((way) => !own.has(way)),
  );
}

/** In the file's order; receivers about which nobody else can be told are left out. */
export function aboutReceivers(stack: Alerting): Told[] {
  return gathered(stack.receivers, (receiver) => toldAbout(stack, receiver));
}

/**
 * The same for whole types of integrations, by which Alertmanager counts what it could not send: the default, else the
 * first that is reached by another type as well.
 */
export function aboutTypes(stack: Alerting): Told[] {
  const { receivers, routing, integrations } = stack;
  return gathered([...new Set(integrations.map(({ type }) => type))], (type) =>
    [routing.default, ...receivers].find((receiver) =>
      integrations.some((integration) => integration.receiver === receiver && integration.type !== type),
    ),
  );
}

function gathered(subjects: readonly string[], toldOf: (subject: string) => string | undefined): Told[] {
  const groups = new Map<string, string[]>();
  for (const subject of subjects) {
    const told = toldOf(subject);
    if (told !== undefined) groups.set(told, [...(groups.get(told) ?? []), subject]);
  }
  return [...groups].map(([told, about]) => ({ told, about }));
}

/** Holds secrets: for comparing only. */
function waysTo({ integrations }: Alerting, receiver: string): Set<string> {
  return new Set(
    integrations
      .filter((integration) => integration.receiver === receiver)
      .map(({ type, identity }) => canonicalJson({ type, identity: identity() })),
  );
}
