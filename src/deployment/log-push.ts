import type { Runtime } from '../stack/runtime.ts';
import type { Stack } from '../stack/stack.ts';
import type { ComponentRegistry } from './plans.ts';

/** URL of the push API of the stack's first log store; undefined when it has none. */
export function logPushUrl(
  stack: Stack,
  registry: ComponentRegistry,
  runtime: Pick<Runtime, 'url'>,
): string | undefined {
  const endpoints = stack.components.flatMap(
    ({ name, config }) => registry.get(name)?.offers(config, stack).endpoints ?? [],
  );
  const store = endpoints.find(({ kind }) => kind === 'loki-push');
  return store && `${runtime.url(store.component, store.port)}${store.path ?? '/loki/api/v1/push'}`;
}
