import type { ComponentRegistry } from '../deployment/plans.ts';
import type { Runtime } from '../stack/runtime.ts';
import type { Stack } from '../stack/stack.ts';
import { table } from './terminal.ts';

interface Endpoints {
  readonly stack: Stack;
  readonly components: ComponentRegistry;
  readonly runtime: Pick<Runtime, 'url'>;
}

/** Where people and programs reach what runs. */
export function endpoints({ stack, components, runtime }: Endpoints): { name: string; url: string }[] {
  const offered = stack.components.flatMap(({ name, config }) =>
    (components.get(name)?.offers(config, stack).endpoints ?? []).map(({ component, port }) => ({
      name: component,
      url: runtime.url(component, port),
    })),
  );
  return stack.inbox.enabled
    ? [...offered, { name: 'inbox', url: `http://127.0.0.1:${stack.inbox.port}` }]
    : offered;
}

export function endpointLines(input: Endpoints): string {
  return table(endpoints(input).map(({ name, url }) => [name, url]));
}

/** The URL of the first component that offers that kind of API; undefined when the stack has none. */
export function endpointOf(input: Endpoints, kind: string): string | undefined {
  for (const { name, config } of input.stack.components) {
    const endpoint = input.components
      .get(name)
      ?.offers(config, input.stack)
      .endpoints.find((candidate) => candidate.kind === kind);
    if (endpoint) return input.runtime.url(endpoint.component, endpoint.port);
  }
  return undefined;
}
