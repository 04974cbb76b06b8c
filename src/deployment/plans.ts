import type { AnyComponentPlugin } from '../stack/component.ts';
import type { Plan } from '../stack/plan.ts';
import type { Program, ProgramSpec } from '../stack/program.ts';
import type { Runtime } from '../stack/runtime.ts';
import type { Stack } from '../stack/stack.ts';

export type ComponentRegistry = ReadonlyMap<string, AnyComponentPlugin>;
export type Programs = ReadonlyMap<string, Program>;

interface Wanted {
  readonly plugin: AnyComponentPlugin;
  readonly config: unknown;
}

function wanted(stack: Stack, registry: ComponentRegistry): Wanted[] {
  return stack.components.map(({ name, config }) => {
    const plugin = registry.get(name);
    if (!plugin) throw new TypeError(`the configuration was accepted with an unknown component: ${name}`);
    return { plugin, config };
  });
}

/** Every program the stack needs, tools included. */
export function neededPrograms(stack: Stack, registry: ComponentRegistry): ProgramSpec[] {
  return wanted(stack, registry).flatMap(({ plugin }) => [plugin.program, ...plugin.tools]);
}

/** Offers first, then plans: each component learns what all others give, and none imports another. */
export function makePlans(
  stack: Stack,
  registry: ComponentRegistry,
  programs: Programs,
  runtime: Pick<Runtime, 'place'>,
): Plan[] {
  const components = wanted(stack, registry);
  const offers = components.map(({ plugin, config }) => plugin.offers(config, stack));
  return components.map(({ plugin, config }) =>
    plugin.plan({
      config,
      stack,
      offers,
      place: runtime.place(plugin.name),
      programs: (name) => {
        const program = programs.get(name);
        if (!program) throw new TypeError(`${plugin.name} asks for ${name}, which it did not declare`);
        return program;
      },
    }),
  );
}
