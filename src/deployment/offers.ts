import { LeitstandErrors } from '../platform/errors.ts';
import { keyLocator } from '../rules/locate.ts';
import { ownRuleFiles } from '../rules/own-pack.ts';
import { alertsOf, type Pack, parsePack } from '../rules/pack.ts';
import { renderPack } from '../rules/render.ts';
import { settingMistakes } from '../rules/settings.ts';
import { testRuleFile } from '../rules/test-rule.ts';
import { readUserRuleFiles } from '../rules/user-files.ts';
import type { AnyComponentPlugin } from '../stack/component.ts';
import type { Offer } from '../stack/offer.ts';
import type { Stack } from '../stack/stack.ts';

export type ComponentRegistry = ReadonlyMap<string, AnyComponentPlugin>;

export interface Wanted {
  readonly plugin: AnyComponentPlugin;
  readonly config: unknown;
  readonly version: string | undefined;
}

export function wanted(stack: Stack, registry: ComponentRegistry): Wanted[] {
  return stack.components.flatMap(({ name, config, version, attached }) => {
    const plugin = registry.get(name);
    // What somebody else runs may be a program that Leitstand cannot run itself.
    if (!plugin && attached) return [];
    if (!plugin) throw new TypeError(`the configuration was accepted with an unknown component: ${name}`);
    return { plugin, config, version };
  });
}

/**
 * What everybody gives to everybody, Leitstand and the user included: the shipped rules with the stack's settings and
 * language, the user's rule files as they are. Throws `LeitstandErrors` with every mistake in `rules` at once.
 */
export function finalOffers(stack: Stack, registry: ComponentRegistry): Offer[] {
  const user = readUserRuleFiles(stack.rules.files);
  const raw = rawOffers(stack, registry).map((offer) => ({ offer, packs: offer.ruleFiles.map(parsePack) }));
  const mistakes = [
    ...mistakesInSettings(
      stack,
      registry,
      raw.flatMap(({ packs }) => packs),
    ),
    ...user.mistakes,
  ];
  if (mistakes.length > 0) throw new LeitstandErrors(mistakes);
  const offers = raw.map(({ offer, packs }) => ({
    ...offer,
    ruleFiles: [
      ...packs.flatMap((pack) => renderPack(pack, stack) ?? []),
      ...(offer.component === 'leitstand' ? [testRuleFile(stack.language)] : []),
    ],
  }));
  if (user.files.length === 0) return offers;
  return [...offers, { component: 'user', endpoints: [], scrapeJobs: [], ruleFiles: user.files }];
}

/** The shipped rules of this stack, before its settings are applied: what `check` tests. */
export function stackPacks(stack: Stack, registry: ComponentRegistry): Pack[] {
  return rawOffers(stack, registry).flatMap(({ ruleFiles }) => ruleFiles.map(parsePack));
}

function rawOffers(stack: Stack, registry: ComponentRegistry): Offer[] {
  return [
    ...wanted(stack, registry).map(({ plugin, config }) => plugin.offers(config, stack)),
    ...(hasOwnMetrics(stack) ? [ownOffer(stack)] : []),
  ];
}

/** The daemon runs with the native runtime, and says what it knows on a port of its own. */
function hasOwnMetrics(stack: Stack): boolean {
  return stack.runtime === 'native' && stack.daemon.port > 0;
}

function ownOffer({ daemon: { port }, backup }: Stack): Offer {
  return {
    component: 'leitstand',
    endpoints: [{ kind: 'leitstand', component: 'leitstand', port, path: '/metrics' }],
    // Its metrics are about components: their own label `component` counts.
    scrapeJobs: [{ job: 'leitstand', component: 'leitstand', port, honorLabels: true }],
    ruleFiles: ownRuleFiles(backup.metrics),
  };
}

/** A name that the stack's own rules lack may be one of a component that it lacks: only then are all of them read. */
function mistakesInSettings(stack: Stack, registry: ComponentRegistry, own: readonly Pack[]) {
  const { alerts } = stack.rules;
  const here = new Set(alertsOf(own).map(({ name }) => name));
  const packs = Object.keys(alerts).every((name) => here.has(name)) ? own : everyPack(registry);
  return settingMistakes(alerts, packs, keyLocator(stack.file, stack.environment));
}

function everyPack(registry: ComponentRegistry): Pack[] {
  const files = [...[...registry.values()].flatMap((plugin) => plugin.rules?.() ?? []), ...ownRuleFiles()];
  return files.map(parsePack);
}
