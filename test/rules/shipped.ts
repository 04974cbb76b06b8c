import { catalog } from '../../src/catalog.ts';
import { ownRuleFiles } from '../../src/rules/own-pack.ts';
import { type Pack, parsePack } from '../../src/rules/pack.ts';
import type { RuleFile } from '../../src/stack/offer.ts';
import { readRuleFiles } from '../../src/stack/rule-files.ts';

/** Every rule file that Leitstand ships. */
export async function shippedFiles(): Promise<RuleFile[]> {
  const components = await catalog.components();
  return [...[...components.values()].flatMap((plugin) => plugin.rules?.() ?? []), ...ownRuleFiles()];
}

export async function shippedPacks(): Promise<Pack[]> {
  return (await shippedFiles()).map(parsePack);
}

/** A pack that is not shipped, to break things in. */
export function examplePack(change: (text: string) => string = (text) => text): Pack {
  const [file] = readRuleFiles(new URL('../fixtures/rules/', import.meta.url), ['example']);
  if (!file) throw new Error('the example is gone');
  return parsePack({ ...file, content: change(file.content) });
}
