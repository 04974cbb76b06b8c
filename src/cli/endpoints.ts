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
  const offered = stack.components.flatMap(({ name, config, attached }) => {
    if (attached) return [{ name, url: attached.url }];
    return (components.get(name)?.offers(config, stack).endpoints ?? []).map(({ component, port }) => ({
      name: component,
      url: runtime.url(component, port),
    }));
  });
  const own = [
    ...(stack.inbox.enabled ? [{ name: 'inbox', url: `http://127.0.0.1:${stack.inbox.port}` }] : []),
    ...(stack.runtime === 'native'
      ? [{ name: 'leitstand', url: `http://127.0.0.1:${stack.daemon.port}/metrics` }]
      : []),
  ];
  // One port may offer several interfaces.
  const all = [...offered, ...own];
  return all.filter((one, index) => all.findIndex(({ url }) => url === one.url) === index);
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
