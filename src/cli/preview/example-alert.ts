import { builtInExample, type ExampleAlert, type Labels, queryUrl } from '../../delivery/preview/example.ts';
import { stackPacks } from '../../deployment/offers.ts';
import { nearest } from '../../platform/nearest.ts';
import { type RuleExample, shippedExample, userAlerts, userExample } from '../../rules/example.ts';
import { isEnabled } from '../../rules/render.ts';
import { readUserRuleFiles } from '../../rules/user-files.ts';
import type { AnyComponentPlugin } from '../../stack/component.ts';
import type { Runtime } from '../../stack/runtime.ts';
import type { Stack } from '../../stack/stack.ts';
import { cliErrors } from '../errors.ts';

export interface ChosenExample {
  readonly example: ExampleAlert;
  readonly isRule: boolean;
  /** What is not as it would be, in words. */
  readonly notes: readonly string[];
}

interface World {
  readonly stack: Stack;
  readonly components: ReadonlyMap<string, AnyComponentPlugin>;
  readonly runtime: Pick<Runtime, 'place'>;
}

/** The alert that a preview shows: of the rule with that name, or the built-in one. Throws LS-CLI-003. */
export function chooseExample(world: World, name: string | undefined, given: Labels): ChosenExample {
  const { stack } = world;
  const prometheus = prometheusUrl(world);
  if (name === undefined) {
    const example = builtInExample(stack.language, { runbooks: stack.rules.runbookBaseUrl, prometheus });
    return { example: ofStack(example, world), isRule: false, notes: [] };
  }
  const { labels, annotations, expr, notes } = ruleExample(world, name, given);
  const example = {
    labels: { ...labels, alertname: name },
    annotations,
    ...(prometheus === undefined ? {} : { generatorURL: queryUrl(prometheus, expr) }),
  };
  return { example: ofStack(example, world), isRule: true, notes };
}

/** Prometheus adds its external label to every alert. */
function ofStack(example: ExampleAlert, { stack }: World): ExampleAlert {
  return { ...example, labels: { ...example.labels, stack: stack.name } };
}

function ruleExample({ stack, components }: World, name: string, given: Labels): RuleExample {
  const packs = stackPacks(stack, components);
  const shipped = packs.flatMap((pack) =>
    pack.groups.flatMap(({ alerts }) => alerts.map((alert) => ({ pack, alert }))),
  );
  const found = shipped.find(({ alert }) => alert.name === name);
  if (found) {
    const example = shippedExample(found.pack, found.alert, stack, given);
    return isEnabled(found.alert, stack)
      ? example
      : { ...example, notes: ['it is switched off: `rules.alerts` in leitstand.yaml'] };
  }
  const own = readUserRuleFiles(stack.rules.files).files.flatMap(userAlerts);
  const rules = own.filter(({ alert }) => alert === name);
  const { severity } = given;
  const rule = rules.find(({ labels }) => labels['severity'] === severity) ?? rules[0];
  if (rule) return userExample(rule, given);
  const names = [...shipped.map(({ alert }) => alert.name), ...own.map(({ alert }) => alert)];
  const near = nearest(name, names);
  throw cliErrors.error('LS-CLI-003', {
    what: `this stack has no alert ${name}`,
    fix:
      near === undefined
        ? `the alerts are: ${names.toSorted().join(', ')}`
        : `did you mean \`leitstand alert preview --alert ${near}\`?`,
  });
}

function prometheusUrl({ stack, components, runtime }: World): string | undefined {
  const wanted = stack.components.find(({ name }) => name === 'prometheus');
  if (!wanted) return undefined;
  const { endpoints } = components.get('prometheus')?.offers(wanted.config, stack) ?? { endpoints: [] };
  const port = endpoints.find(({ kind }) => kind === 'prometheus-api')?.port ?? 0;
  const { external_url: url } = wanted.config as { readonly external_url?: string };
  return url ?? runtime.place('prometheus').externalUrl(port);
}
