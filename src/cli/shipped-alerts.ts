import { readFile } from 'node:fs/promises';
import { ownRuleFiles } from '../rules/own-pack.ts';
import { alertsOf, type Pack, type PackAlert, parsePack } from '../rules/pack.ts';
import type { Catalog } from './command.ts';

/** Every rule file that Leitstand ships, whatever the stack; in the order of the components, its own last. */
export async function shippedPacks(catalog: Pick<Catalog, 'components'>): Promise<Pack[]> {
  const components = await catalog.components();
  const files = [...[...components.values()].flatMap((plugin) => plugin.rules?.() ?? []), ...ownRuleFiles()];
  return files.map(parsePack);
}

export async function shippedAlerts(catalog: Pick<Catalog, 'components'>): Promise<PackAlert[]> {
  return alertsOf(await shippedPacks(catalog));
}

/** The page in docs/runbooks; a house test holds that every alert has one. */
export async function runbookOf(alert: PackAlert): Promise<string> {
  return readFile(new URL(`../../docs/runbooks/${alert.name}.md`, import.meta.url), 'utf8');
}

/** `warning, after 30m; free_percent: 5 %`, before anybody's settings. */
export function outlineOf(alert: PackAlert): string {
  const parameters = Object.entries(alert.parameters).map(
    ([name, { default: value, unit }]) => `${name}: ${value}${unit === '' ? '' : ` ${unit}`}`,
  );
  const delay = alert.for.startsWith('0') ? 'at once' : `after ${alert.for}`;
  return [`${alert.severity}, ${delay}`, ...parameters].join('; ');
}
