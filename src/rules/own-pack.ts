import type { RuleFile } from '../stack/offer.ts';
import { readRuleFiles } from '../stack/rule-files.ts';

export interface BackupMetricNames {
  readonly prefix: string;
  readonly service: string;
}

/** As the shipped files have them. */
const SHIPPED: BackupMetricNames = { prefix: 'sva', service: 'monitoring' };

/**
 * Rules on Leitstand's own metrics: backups, drills, deliveries, the programs that it supervises. `names`: of the metrics
 * about the whole backup, as the stack has them.
 */
export function ownRuleFiles(names: BackupMetricNames = SHIPPED): RuleFile[] {
  return readRuleFiles(new URL('packs/', import.meta.url), ['leitstand', 'backups']).map(
    ({ name, content, tests = '' }) => ({
      name,
      content: renamed(content, names),
      tests: renamed(tests, names),
    }),
  );
}

/** A selector in a text of YAML, and a label in a test. */
function renamed(text: string, { prefix, service }: BackupMetricNames): string {
  if (prefix === SHIPPED.prefix && service === SHIPPED.service) return text;
  const value = JSON.stringify(service);
  return text
    .replaceAll(`${SHIPPED.prefix}_backup_`, () => `${prefix}_backup_`)
    .replaceAll(
      /'([^'\n]*)service="monitoring"([^'\n]*)'/g,
      (_, before: string, after: string) => `'${before}service=${value.replaceAll("'", "''")}${after}'`,
    )
    .replaceAll('service="monitoring"', () => `service=${value}`)
    .replaceAll('service: monitoring', () => `service: ${value}`);
}
