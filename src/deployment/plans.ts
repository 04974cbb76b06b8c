import type { Plan } from '../stack/plan.ts';
import type { NeededProgram, Program } from '../stack/program.ts';
import type { Runtime } from '../stack/runtime.ts';
import type { Stack } from '../stack/stack.ts';
import { type ComponentRegistry, finalOffers, wanted } from './offers.ts';

export type { ComponentRegistry };
export type Programs = ReadonlyMap<string, Program>;

/** Every program the stack needs, tools included. */
export function neededPrograms(stack: Stack, registry: ComponentRegistry): NeededProgram[] {
  return wanted(stack, registry).flatMap(({ plugin, version }) =>
    [plugin.program, ...plugin.tools].map((spec) =>
      version === undefined ? spec : { ...spec, wanted: version },
    ),
  );
}

/** Offers first, then plans: each component learns what all others give, and none imports another. */
export function makePlans(
  stack: Stack,
  registry: ComponentRegistry,
  programs: Programs,
  runtime: Pick<Runtime, 'place'>,
): Plan[] {
  const offers = finalOffers(stack, registry);
  return wanted(stack, registry).map(({ plugin, config }) =>
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
